// Events, one a CPU, that are added to a recording for some purpose of their own: their records
// arrive in its rings, among its samples, and are laid out as these are.
//
//   AddedEvents events;
//   perf_event_attr attr = AddedEvents::attributes(recordings_attr);
//   attr.type = …;                                       // what the event is, is the caller's
//   if (auto opened = events.open(attr, rings); !opened) …
//   events.own(sample.event_id)
#pragma once

#include <linux/perf_event.h>

#include <cstdint>
#include <span>
#include <unordered_set>
#include <vector>

#include "profiler/error.h"
#include "record/event_ring.h"
#include "record/perf_event.h"

namespace profiler::record {

class AddedEvents {
 public:
  /// Those of the recording's events, for one of whatever runs on its CPU, from when it is opened
  /// on.
  [[nodiscard]] static perf_event_attr attributes(perf_event_attr recording);

  [[nodiscard]] Result<void> open(perf_event_attr attr, std::span<const EventRing> rings);
  void disable() const;

  /// Whether a record with that PERF_SAMPLE_ID is of one of them.
  [[nodiscard]] bool own(std::uint64_t event_id) const { return ids_.contains(event_id); }
  [[nodiscard]] const std::unordered_set<std::uint64_t>& ids() const { return ids_; }
  [[nodiscard]] bool empty() const { return events_.empty(); }
  /// In the order of the rings.
  [[nodiscard]] const std::vector<PerfEvent>& all() const { return events_; }

 private:
  std::vector<PerfEvent> events_;
  std::unordered_set<std::uint64_t> ids_;
};

}  // namespace profiler::record
