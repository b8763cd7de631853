#include "record/ring_drain.h"

#include <linux/perf_event.h>

#include <cstring>
#include <utility>

#include "events/record_block.h"

namespace profiler::record {
namespace {

/// A block is passed on when it has grown to this, so that its memory comes back soon.
constexpr std::size_t kBlockBytes = std::size_t{1} << 20;

}  // namespace

std::size_t stack_allowance(std::size_t backlog_bytes, std::size_t budget_bytes) {
  if (backlog_bytes >= budget_bytes) return kDropSample;
  if (backlog_bytes >= budget_bytes / 4 * 3) return std::size_t{2} << 10;
  if (backlog_bytes >= budget_bytes / 2) return std::size_t{8} << 10;
  return kWholeStack;
}

bool RingDrain::is_own(std::span<const std::byte> record, const events::EventLayout& layout) const {
  // PERF_RECORD_SAMPLE: header, identifier, ip, pid.
  constexpr std::uint64_t kExpected = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID;
  constexpr std::size_t kPidAt = sizeof(perf_event_header) + 16;
  if (own_pid_ == 0 || (layout.sample_type & kExpected) != kExpected ||
      record.size() < kPidAt + sizeof(Pid)) {
    return false;
  }
  Pid pid = 0;
  std::memcpy(&pid, record.data() + kPidAt, sizeof pid);
  return pid == own_pid_;
}

std::size_t RingDrain::copy(RingReader& reader, const RingIdentity& ring, Handoff& handoff,
                            DrainRound& round) {
  const events::EventLayout& layout = layouts_[ring.layout];
  events::RecordBlock block{.source = ring.source, .bytes = {}};
  std::size_t backlog = handoff.bytes_in_flight();
  for (const events::RecordBlock& earlier : round.blocks) backlog += earlier.bytes.size();

  const auto pass_on = [&] {
    if (block.bytes.empty()) return;
    backlog += block.bytes.size();
    round.blocks.push_back(std::move(block));
    block = {.source = ring.source, .bytes = {}};
  };
  const std::size_t taken = reader.drain([&](std::span<const std::byte> record) {
    perf_event_header header;
    std::memcpy(&header, record.data(), sizeof header);
    std::size_t allowance = kWholeStack;
    if (header.type == PERF_RECORD_SAMPLE) {
      if (is_own(record, layout)) return;
      allowance = stack_allowance(backlog + block.bytes.size(), budget_bytes_);
      if (allowance == kDropSample) {
        ++counts_.samples_dropped;
        if (round.dropped.size() <= ring.source) round.dropped.resize(ring.source + std::size_t{1});
        ++round.dropped[ring.source];
        return;
      }
      ++counts_.samples;
    }
    if (block.bytes.capacity() == 0) {
      block.bytes = handoff.take_buffer();
      block.bytes.reserve(kBlockBytes + (std::size_t{64} << 10) + sizeof(events::EntryPrefix));
    }
    if (events::append_entry(block, record, ring.layout, layout, allowance).shortened) {
      ++counts_.stacks_shortened;
    }
    if (block.bytes.size() >= kBlockBytes) pass_on();
  });
  pass_on();
  return taken;
}

}  // namespace profiler::record
