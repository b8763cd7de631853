// The events behind counting by records: for each CPU one ring, with the entry and the return of
// every system call, signals, context switches, and which threads begin and end.
//
//   Result<RingEvents> events = RingEvents::open(target, options, {.ring_bytes = 0});
//   events->enable();
//   for (record::EventRing& ring : events->rings()) …     // ring_records.h knows what is in them
//   events->disable();
//
// Per CPU where permitted: everybody's calls are recorded, and strangers' left out by the reader.
// Else events that follow fork, of the target alone; these cost it more (at each fork and switch),
// and strangers next to nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "profiler/error.h"
#include "profiler/profile.h"
#include "record/event_ring.h"
#include "record/perf_event.h"
#include "record/record_options.h"
#include "record/target.h"
#include "record/tracefs.h"
#include "syscalls/ring_records.h"

namespace profiler::syscalls {

class RingEvents {
 public:
  /// `ring_bytes` of data per CPU, a power of two; 0: large enough for the fastest calls, or
  /// options.ring_bytes if that is more. Error:
  /// no trace points, or not permitted.
  static Result<RingEvents> open(const record::Target& target, const record::RecordOptions& options,
                                 std::uint64_t ring_bytes);

  void enable() const;
  void disable() const;
  [[nodiscard]] std::span<record::EventRing> rings() { return rings_; }
  [[nodiscard]] const RecordLayout& layout() const { return layout_; }
  [[nodiscard]] Coverage coverage() const { return coverage_; }
  [[nodiscard]] std::uint64_t ring_bytes() const { return ring_bytes_; }
  /// Records that found their ring full, where the kernel counts them.
  [[nodiscard]] std::optional<std::uint64_t> lost() const;

 private:
  struct Kinds;
  RingEvents() = default;
  static Result<RingEvents> open_all(const record::Target& target,
                                     const std::vector<std::uint32_t>& cpus, const Kinds& kinds,
                                     Coverage coverage, std::uint64_t ring_bytes);
  Result<void> open_cpu(const std::vector<record::EventPlace>& places, std::uint32_t cpu,
                        const Kinds& kinds);

  // Rings are unmapped before their events are closed: members go in reverse order.
  std::vector<record::PerfEvent> events_;
  std::vector<record::EventRing> rings_;
  RecordLayout layout_;
  Coverage coverage_ = Coverage::kPerCpu;
  std::uint64_t ring_bytes_ = 0;
};

/// Data bytes of a ring where so many CPUs have one each.
[[nodiscard]] std::uint64_t default_ring_bytes(std::size_t cpus);

}  // namespace profiler::syscalls
