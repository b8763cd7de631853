// Takes the records of all CPUs' rings in an order that keeps each thread's, and tells a
// CallTracker what they say. Nothing is copied, and nothing allocated for a record.
//
//   RingRecords records(layout, tracker, groups);
//   for (RingReader& ring : …) records.add(ring);
//   records.take(horizon_ns);         // what is later stays in the rings
//
// Rings are not merged record by record but by runs: what one thread has written to one ring from
// its switch onto that CPU until the switch away. A thread's runs do not overlap, so taking runs by
// their beginnings keeps its order, and no two rings need be compared in between.
//
// The horizon is a time before the rings are looked at: what a thread wrote to another ring earlier
// than such a record was complete by then, or it could not have moved.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "record/ring_buffer.h"
#include "syscalls/call_groups.h"
#include "syscalls/call_tracker.h"

namespace profiler::syscalls {

/// How the records are told apart: the trace points' numbers, which their raw data begins with.
/// Samples are PERF_SAMPLE_TID | TIME | RAW, those of entries with PERF_SAMPLE_REGS_USER as well,
/// for its word that tells the ABI.
struct RecordLayout {
  std::uint16_t enter = 0;
  std::uint16_t leave = 0;
  std::uint16_t signal = 0;  ///< 0: not recorded.
};

/// The number of a call as raw_syscalls has it. Numbers are ints to the kernel, whatever it is
/// given; where a bit of them tells the ABI, `abi` is changed.
[[nodiscard]] std::int32_t call_number(std::int64_t raw, SyscallAbi& abi);

class RingRecords {
 public:
  /// Tracker and groups outlive it.
  RingRecords(const RecordLayout& layout, CallTracker& tracker, CallGroups& groups)
      : layout_(layout), tracker_(&tracker), groups_(&groups) {}

  /// The reader outlives it.
  void add(record::RingReader& ring) { rings_.push_back({.reader = &ring}); }

  static constexpr std::uint64_t kEverything = std::numeric_limits<std::uint64_t>::max();
  /// Takes the records of up to that time, and gives their room back.
  void take(std::uint64_t horizon_ns);

  /// Records taken, of whatever kind and of whomever.
  [[nodiscard]] std::uint64_t taken() const { return taken_; }
  /// Records missing, as the rings say.
  [[nodiscard]] std::uint64_t lost() const { return lost_; }
  /// Records too short for what they are.
  [[nodiscard]] std::uint64_t malformed() const { return malformed_; }

 private:
  struct Ring {
    record::RingReader* reader = nullptr;
    std::uint64_t next_ns = 0;    // Of the record to come.
    std::uint64_t latest_ns = 0;  // Of the last one taken.
    Tid ended = 0;                // It runs there still, until the next switch.
    bool was_full = false;        // When looked at: whatever came then was lost.
  };
  using Record = std::span<const std::byte>;

  void look(Ring& ring) const;
  void take_run(Ring& ring, std::uint64_t horizon_ns);
  void take_sample(Record record, std::uint64_t time_ns, CallTracker::Thread*& thread);
  void take_switch(Ring& ring, Record record, std::uint64_t time_ns, CallTracker::Thread*& thread);

  RecordLayout layout_;
  CallTracker* tracker_;
  CallGroups* groups_;
  std::vector<Ring> rings_;
  std::uint64_t taken_ = 0;
  std::uint64_t lost_ = 0;
  std::uint64_t malformed_ = 0;
};

}  // namespace profiler::syscalls
