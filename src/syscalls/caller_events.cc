#include "syscalls/caller_events.h"

#include <utility>

namespace profiler::syscalls {

perf_event_attr CallerEvents::attributes(perf_event_attr recording) {
  recording.disabled = 0;
  recording.inherit = 0;
  recording.enable_on_exec = 0;
  recording.exclude_callchain_kernel = 1;
  return recording;
}

Result<void> CallerEvents::open(perf_event_attr attr, std::span<const record::EventRing> rings) {
  for (const record::EventRing& ring : rings) {
    auto event = record::open_event(attr, {.pid = -1, .cpu = static_cast<int>(ring.cpu)}, false);
    if (!event) return std::unexpected(event.error());
    if (auto shared = event->redirect_to(ring.poll_fd); !shared) return shared;
    ids_.insert(event->id());
    events_.push_back(*std::move(event));
  }
  return {};
}

void CallerEvents::disable() const {
  for (const record::PerfEvent& event : events_) event.disable();
}

}  // namespace profiler::syscalls
