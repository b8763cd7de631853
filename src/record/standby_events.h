// The sampling events that wait: the same as those that run, but with the largest stack dump, and
// disabled. The dump size of an open event cannot change; these take over when it is too short too
// often.
//
//   StandbyEvents standby(samples);                     // the attributes of those that run
//   standby.open(place, row, call);                     // before the event that it stands by for
//   …
//   auto ring = standby.connect(first_ring, bytes, cpus);   // to be read from now on, if not null
//   standby.events()[row].enable();                         // and disable the other
//
// Opened first, so that whoever inherits an event from a fork meanwhile has inherited its standby
// as well.
//
// A record takes the whole dump's size in its ring, however little of it is valid, so these need
// rings twice as large. They are mapped only when it comes to that, because memory for a ring is
// taken when it is mapped: rings large enough for both from the start would cost every recording
// 0.16 ms more for each MiB and CPU (2.5 ms on two CPUs at 999 Hz; ten times that where the memory
// is new to a virtual machine), and most never need them. And before the event takes over, not
// after: mapping keeps the reader from memory that it may need, during which a ring should be able
// to hold the quarter of a second that it is made for.
#pragma once

#include <linux/perf_event.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "profiler/error.h"
#include "record/event_ring.h"
#include "record/perf_event.h"

namespace profiler::record {

class StandbyEvents {
 public:
  explicit StandbyEvents(std::span<const perf_event_attr> samples);

  /// With that row of the attributes.
  [[nodiscard]] Result<void> open(const EventPlace& place, std::size_t row, const OpenCall& call);
  /// There is nothing to stand by for.
  void close_last();

  /// Gives the events of the CPU of `first` a ring: a new one of this size, or as much of it as may
  /// be locked; null: `first` itself, if no larger one is to be had. Once for each CPU, of so many.
  [[nodiscard]] Result<EventRing*> connect(const EventRing& first, std::size_t bytes,
                                           std::size_t cpus);

  /// In the order in which they were opened.
  [[nodiscard]] std::span<const PerfEvent> events() const { return events_; }
  /// As the kernel accepted them.
  [[nodiscard]] std::span<const perf_event_attr> attrs() const { return attrs_; }

 private:
  std::vector<perf_event_attr> attrs_;
  // Rings are unmapped before their events are closed: members go in reverse order.
  std::vector<PerfEvent> events_;
  std::vector<std::uint32_t> cpus_;  // Of the same row.
  std::vector<EventRing> rings_;     // Never moves: it is read by another thread.
};

}  // namespace profiler::record
