#include "tests/offline/recorded_case.h"

#include <linux/perf_event.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>
#include <unordered_map>
#include <variant>

#include "events/record_queue.h"
#include "perf_data/event_table.h"
#include "perf_data/header.h"
#include "perf_data/record_kind.h"
#include "perf_data/record_stream.h"

namespace profiler::test {
namespace {

constexpr std::size_t kWholeStack = std::size_t{1} << 16;

class Replay {
 public:
  explicit Replay(const std::function<bool(const RecordedSample&)>& visit) : visit_(visit) {}

  void on(const Event& event) {
    if (stopped_) return;
    if (const auto* mmap = std::get_if<MmapEvent>(&event)) {
      if (mmap->executable) {
        maps_[mmap->pid].push_back({.start = mmap->start,
                                    .end = mmap->start + mmap->length,
                                    .offset = mmap->file_offset,
                                    .path = std::string(mmap->path)});
      }
    } else if (const auto* comm = std::get_if<CommEvent>(&event)) {
      if (comm->exec) {
        maps_[comm->pid].push_back(
            {.exec = true, .start = {}, .end = {}, .offset = {}, .path = {}});
      }
    } else if (const auto* fork = std::get_if<ForkEvent>(&event)) {
      if (fork->pid != fork->parent_pid) maps_[fork->pid] = maps_[fork->parent_pid];
    } else if (const auto* sample = std::get_if<SampleEvent>(&event)) {
      if (sample->user_registers.abi == 0) return;
      stopped_ = !visit_({.time_ns = sample->context.time_ns,
                          .pid = sample->context.pid,
                          .tid = sample->context.tid,
                          .event = *sample,
                          .maps = maps_[sample->context.pid]});
    }
  }

 private:
  const std::function<bool(const RecordedSample&)>& visit_;
  std::unordered_map<Pid, std::vector<StackCase::MapLine>> maps_;
  bool stopped_ = false;
};

}  // namespace

StackCase RecordedSample::stack_case() const {
  StackCase result{.maps = maps,
                   .registers = {},
                   .stack = {event.user_stack.begin(), event.user_stack.end()},
                   .stack_requested = event.user_stack_requested};
  const UserRegisters& registers = event.user_registers;
  for (std::size_t i = 0; i < StackCase::kRegisters; ++i) {
    const std::uint64_t bit = std::uint64_t{1} << i;
    const auto row = static_cast<std::size_t>(std::popcount(registers.mask & (bit - 1)));
    if ((registers.mask & bit) != 0 && row < registers.values.size())
      result.registers[i] = registers.values[row];
  }
  return result;
}

Result<void> for_each_sample(const std::string& path,
                             const std::function<bool(const RecordedSample&)>& visit) {
  auto file = perf_data::InputFile::open(path);
  if (!file) return std::unexpected(file.error());
  perf_data::RecordingInfo info;
  const auto range = perf_data::read_header(*file, info);
  if (!range) return std::unexpected(range.error());
  if (info.events.empty()) {
    return std::unexpected(
        Error{.what = "has no event attributes: written to a pipe, or damaged", .path = path});
  }
  const perf_data::EventTable events(info.events);
  events::RecordQueue queue(events.layouts());
  events::RecordBlock block;
  perf_data::RecordStream records(*file, range->end);
  while (const auto record = records.next()) {
    perf_event_header header;
    std::memcpy(&header, record->data(), sizeof header);
    if (!perf_data::is_wanted(header.type)) continue;
    const std::uint32_t layout = events.layout_of(*record);
    if (header.type == PERF_RECORD_SAMPLE && !events.row_of(layout)) continue;
    const events::EventLayout& how = events.layouts()[layout];
    if (perf_data::claims_build_id(*record)) {
      events::append_entry(block, perf_data::without_build_id(*record), layout, how, kWholeStack);
    } else {
      events::append_entry(block, *record, layout, how, kWholeStack);
    }
  }
  queue.add(std::move(block));
  Replay replay(visit);
  queue.release_all([&](const events::QueuedRecord& record) {
    if (const auto event = events::decode(record)) replay.on(*event);
  });
  return {};
}

}  // namespace profiler::test
