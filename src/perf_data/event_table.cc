#include "perf_data/event_table.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>

#include "events/records.h"

namespace profiler::perf_data {
namespace {

constexpr std::size_t kMaxRows = 65535;

bool is_dummy(const perf_event_attr& attr) {
  return attr.type == PERF_TYPE_SOFTWARE && attr.config == PERF_COUNT_SW_DUMMY;
}

bool is_clock(const perf_event_attr& attr) {
  return attr.type == PERF_TYPE_SOFTWARE &&
         (attr.config == PERF_COUNT_SW_CPU_CLOCK || attr.config == PERF_COUNT_SW_TASK_CLOCK);
}

/// On machines with several kinds of cores the upper half says which.
bool is_cycles(const perf_event_attr& attr) {
  return attr.type == PERF_TYPE_HARDWARE && (attr.config & 0xffffffff) == PERF_COUNT_HW_CPU_CYCLES;
}

std::string name_of(const EventDescription& event) {
  if (!event.name.empty()) return event.name;
  if (is_cycles(event.attr)) return "cycles";
  if (is_clock(event.attr))
    return event.attr.config == PERF_COUNT_SW_CPU_CLOCK ? "cpu-clock" : "task-clock";
  return "event " + std::to_string(event.attr.type) + ":" + std::to_string(event.attr.config);
}

std::size_t words(std::uint64_t bits) { return static_cast<std::size_t>(std::popcount(bits)); }

}  // namespace

EventTable::EventTable(const std::vector<EventDescription>& events) {
  std::uint16_t row = 0;
  const bool only_dummies =
      std::ranges::all_of(events, [](const EventDescription& e) { return is_dummy(e.attr); });
  for (std::uint32_t i = 0; i < events.size(); ++i) {
    const perf_event_attr& attr = events[i].attr;
    auto layout = events::EventLayout::of(attr);
    // A clock's period is time: without it in the records, what it was meant to be.
    if (attr.freq != 0 && is_clock(attr) && attr.sample_freq != 0)
      layout.fixed_period = 1'000'000'000 / attr.sample_freq;
    layouts_.push_back(layout);
    rows_.emplace_back();
    if ((!is_dummy(attr) || only_dummies) && row < kMaxRows) rows_.back() = row++;
    for (const std::uint64_t id : events[i].ids) layout_by_id_.try_emplace(id, i);
  }

  const events::EventLayout& first = layouts_.front();
  const std::uint64_t type = first.sample_type;
  if ((type & PERF_SAMPLE_IDENTIFIER) != 0) {
    id_in_sample_ = sizeof(perf_event_header);
    if (first.sample_id_all) id_before_end_ = 8;
  } else if ((type & PERF_SAMPLE_ID) != 0) {
    id_in_sample_ =
        sizeof(perf_event_header) +
        8 * words(type & (PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_ADDR));
    if (first.sample_id_all)
      id_before_end_ = 8 * (1 + words(type & (PERF_SAMPLE_STREAM_ID | PERF_SAMPLE_CPU)));
  }
}

std::uint32_t EventTable::layout_of(std::span<const std::byte> record) const {
  if (layouts_.size() == 1 || record.size() < sizeof(perf_event_header)) return 0;
  perf_event_header header;
  std::memcpy(&header, record.data(), sizeof header);
  const bool sample = header.type == PERF_RECORD_SAMPLE;
  const auto place = sample ? id_in_sample_ : id_before_end_;
  if (!place || *place > record.size() || (sample && record.size() - *place < 8)) return 0;
  std::uint64_t id = 0;
  std::memcpy(&id, record.data() + (sample ? *place : record.size() - *place), sizeof id);
  const auto found = layout_by_id_.find(id);
  return found == layout_by_id_.end() ? 0 : found->second;
}

std::vector<EventInfo> EventTable::infos(const std::vector<EventDescription>& events) const {
  std::vector<EventInfo> infos;
  for (std::size_t i = 0; i < rows_.size() && i < events.size(); ++i) {
    if (!rows_[i]) continue;
    const perf_event_attr& attr = events[i].attr;
    const std::string name = name_of(events[i]);
    infos.push_back({.name = name,
                     .frequency_hz = attr.freq != 0 ? attr.sample_freq : 0,
                     .period = attr.freq != 0 ? 0 : attr.sample_period,
                     .unit = is_clock(attr)    ? "ns"
                             : is_cycles(attr) ? "cycles"
                                               : name});
  }
  return infos;
}

}  // namespace profiler::perf_data
