// What a profile was sampled by: its events, and how many samples each has. Weights of different
// events are of different units: they are looked at one event at a time.
//
//   const std::vector<EventRow> events = event_list(profile);
//   filter.event = main_row(events);             // unless another was asked for
#pragma once

#include <cstdint>
#include <vector>

#include "profiler/profile.h"
#include "view/weight.h"

namespace profiler::view {

/// Lives no longer than the profile.
struct EventRow {
  const EventInfo* event = nullptr;
  Weight weight = {};  ///< Of all its samples, in its unit.
};

/// By row of Run::events.
[[nodiscard]] std::vector<EventRow> event_list(const Profile& profile);

/// The row that is shown where none was asked for: the first that has samples.
[[nodiscard]] std::uint16_t main_row(const std::vector<EventRow>& events);

}  // namespace profiler::view
