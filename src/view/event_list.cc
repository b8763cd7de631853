#include "view/event_list.h"

#include <algorithm>

namespace profiler::view {

std::vector<EventRow> event_list(const Profile& profile) {
  std::vector<EventRow> events;
  events.reserve(profile.run.events.size());
  for (const EventInfo& event : profile.run.events) events.push_back({.event = &event});
  for (const Sample& sample : profile.samples) {
    if (sample.event < events.size()) events[sample.event].weight.add(sample);
  }
  return events;
}

std::uint16_t main_row(const std::vector<EventRow>& events) {
  const auto first =
      std::ranges::find_if(events, [](const EventRow& row) { return row.weight.samples != 0; });
  return first == events.end() ? 0 : static_cast<std::uint16_t>(first - events.begin());
}

}  // namespace profiler::view
