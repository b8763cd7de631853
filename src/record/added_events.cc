#include "record/added_events.h"

#include <utility>

namespace profiler::record {

perf_event_attr AddedEvents::attributes(perf_event_attr recording) {
  recording.disabled = 0;
  recording.inherit = 0;
  recording.enable_on_exec = 0;
  return recording;
}

Result<void> AddedEvents::open(perf_event_attr attr, std::span<const EventRing> rings) {
  for (const EventRing& ring : rings) {
    auto event = open_event(attr, {.pid = -1, .cpu = static_cast<int>(ring.cpu)}, false);
    if (!event) return std::unexpected(event.error());
    if (auto shared = event->redirect_to(ring.poll_fd); !shared) return shared;
    ids_.insert(event->id());
    events_.push_back(*std::move(event));
  }
  return {};
}

void AddedEvents::disable() const {
  for (const PerfEvent& event : events_) event.disable();
}

}  // namespace profiler::record
