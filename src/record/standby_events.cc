#include "record/standby_events.h"

#include <optional>
#include <utility>

#include "record/event_attributes.h"

namespace profiler::record {
namespace {

/// None of as much as `bytes`, down to more than what there is already, may be locked.
std::optional<EventRing> map_larger(const PerfEvent& owner, const EventRing& first,
                                    std::size_t bytes) {
  for (; bytes > first.mapped.data().size(); bytes /= 2) {
    if (auto ring = EventRing::map(owner, first.cpu, RingKind::kSamples, bytes))
      return *std::move(ring);
  }
  return std::nullopt;
}

}  // namespace

StandbyEvents::StandbyEvents(std::span<const perf_event_attr> samples) {
  for (const perf_event_attr& sample : samples) attrs_.push_back(standby_attributes(sample));
}

Result<void> StandbyEvents::open(const EventPlace& place, std::size_t row, const OpenCall& call) {
  auto event = open_event(attrs_[row], place, !needs_kernel_mode(attrs_[row]), call);
  if (!event) return std::unexpected(event.error());
  events_.push_back(*std::move(event));
  cpus_.push_back(static_cast<std::uint32_t>(place.cpu));
  return {};
}

void StandbyEvents::close_last() {
  events_.pop_back();
  cpus_.pop_back();
}

Result<EventRing*> StandbyEvents::connect(const EventRing& first, std::size_t bytes,
                                          std::size_t cpus) {
  rings_.reserve(cpus);
  EventRing* larger = nullptr;
  int output_fd = first.poll_fd;
  bool is_first_row = true;
  for (std::size_t row = 0; row < events_.size(); ++row) {
    if (cpus_[row] != first.cpu) continue;
    if (std::exchange(is_first_row, false)) {
      if (auto ring = map_larger(events_[row], first, bytes)) {
        larger = &rings_.emplace_back(*std::move(ring));
        output_fd = larger->poll_fd;
        continue;
      }
    }
    if (auto shared = events_[row].redirect_to(output_fd); !shared) {
      return std::unexpected(shared.error());
    }
  }
  return larger;
}

}  // namespace profiler::record
