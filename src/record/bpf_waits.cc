#include "record/bpf_waits.h"

#include <cstddef>

#include "record/clock.h"
#include "record/event_attributes.h"

namespace profiler::record {

/// Until the handover: to come, also if this thread has to wait for a CPU in between.
constexpr std::uint64_t kLeadNs = 25'000'000;

using pipeline::EventRole;

Result<void> BpfWaits::open(const perf_event_attr& sample, std::span<const EventRing> rings,
                            const Wanted& wanted) {
  for (const EventRing& ring : rings) cpus_.push_back(ring.cpu);
  const perf_event_attr attr = bpf_output_attributes(AddedEvents::attributes(sample));
  if (wanted.stacks) {
    if (auto opened = leavers_.open(attr, rings); !opened) return opened;
  }
  return wanted.wakers ? wakers_.open(attr, rings) : Result<void>{};
}

void BpfWaits::tell(pipeline::Pipeline& pipeline, std::uint16_t first_row) const {
  const auto waker_row = static_cast<std::uint16_t>(first_row + 1);
  pipeline.set_event_role(first_row, EventRole::kBpfWaitStack);
  pipeline.set_event_role(waker_row, EventRole::kBpfWaker);
  for (const std::uint64_t id : leavers_.ids()) pipeline.set_event_id(id, first_row);
  for (const std::uint64_t id : wakers_.ids()) pipeline.set_event_id(id, waker_row);
}

Result<void> BpfWaits::connect(ProcessFilter& filter) const {
  for (std::size_t i = 0; i < leavers_.all().size(); ++i) {
    if (auto sent = filter.send_wait_stacks_to(leavers_.all()[i], cpus_[i]); !sent) return sent;
  }
  for (std::size_t i = 0; i < wakers_.all().size(); ++i) {
    if (auto sent = filter.send_wakers_to(wakers_.all()[i], cpus_[i]); !sent) return sent;
  }
  return {};
}

Result<std::uint64_t> BpfWaits::start(ProcessFilter& filter, Reader& reader, Worker& worker) {
  const auto rings = filter.map_switch_rings(cpus_);
  if (!rings) return std::unexpected(rings.error());
  if (auto connected = connect(filter); !connected) return std::unexpected(connected.error());
  for (EventRing& ring : *rings) reader.add(ring);
  filter_ = &filter;
  filter.start_switches();
  const std::uint64_t when_ns = monotonic_ns() + kLeadNs;
  worker.handover().begin(when_ns);
  return when_ns + SwitchHandover::kLateNs;
}

std::uint64_t BpfWaits::stop() {
  leavers_.disable();
  wakers_.disable();
  if (filter_ == nullptr) return 0;
  filter_->stop_switches();
  return filter_->switches_untold();
}

}  // namespace profiler::record
