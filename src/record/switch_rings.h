// The rings that the BPF program writes context switches to (switch_record.h), one a CPU, mapped,
// and what wakes whoever reads them: an event a CPU that happens when half a ring is full.
//
//   auto rings = SwitchRings::map(map_fd, data_bytes, cpus);
//   for (const auto& [cpu, event] : rings->full_events()) …     // to be given to the program
//   for (EventRing& ring : rings->all()) reader.add(ring);
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "profiler/error.h"
#include "record/event_ring.h"
#include "record/perf_event.h"
#include "record/ring_buffer.h"

namespace profiler::record {

class SwitchRings {
 public:
  /// `map_fd`: a BPF array by CPU that can be mapped, each value a page and `data_bytes`.
  static Result<SwitchRings> map(int map_fd, std::size_t data_bytes,
                                 std::span<const std::uint32_t> cpus);

  [[nodiscard]] std::span<EventRing> all() { return rings_; }
  /// Records that there was no room for, and that no record has told yet.
  [[nodiscard]] std::uint64_t untold() const;
  /// In the order of the rings.
  [[nodiscard]] std::span<const PerfEvent> full_events() const { return events_; }

 private:
  SwitchRings() = default;

  // Rings are unmapped before their events are closed: members go in reverse order.
  std::vector<PerfEvent> events_;
  std::vector<MappedRing> event_memory_;  // Nobody reads it: that it was written to is all.
  std::vector<EventRing> rings_;
};

}  // namespace profiler::record
