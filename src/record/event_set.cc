#include "record/event_set.h"

#include <algorithm>
#include <cerrno>
#include <limits>

#include "record/descriptor_limit.h"
#include "record/event_attributes.h"

namespace profiler::record {
namespace {

bool is_refusal(int system_error) {
  return system_error == EPERM || system_error == EACCES || system_error == ENOSYS;
}

OpenError open_error(Error error, bool of_standby = false) {
  const bool refused = is_refusal(error.system_error);
  return {.error = std::move(error), .refused = refused, .of_standby = of_standby};
}

}  // namespace

std::expected<EventSet, OpenError> EventSet::open(const EventRequest& request,
                                                  const OpenCall& call) {
  RingSizes sizes = request.sizes;
  std::size_t standby_ring_bytes = request.standby_ring_bytes;
  bool descriptors_raised = false;
  for (;;) {
    EventSet set;
    set.sizes_ = sizes;
    set.standby_ring_bytes_ = standby_ring_bytes;
    const auto opened = set.open_all(request, call);
    if (opened) return set;
    const int why = opened.error().error.system_error;
    if (why == EMFILE && !descriptors_raised) {
      raise_descriptor_limit();
      descriptors_raised = true;
      continue;
    }
    if (standby_ring_bytes != 0 && (opened.error().of_standby || why == EMFILE)) {
      standby_ring_bytes = 0;
      continue;
    }
    // EPERM of a mapping (not of an event) is the limit on locked memory.
    const bool ring_too_large = (why == EPERM || why == ENOMEM) && !opened.error().refused;
    if (!ring_too_large || !sizes.shrink()) return std::unexpected(opened.error());
  }
}

/// Attributes as this recording's rings want them.
void EventSet::prepare(const EventRequest& request) {
  sample_attrs_ = request.samples;
  side_attr_ = request.side;
  switch_attr_ = request.switches.value_or(perf_event_attr{});
  wait_filter_ = request.wait_filter;
  last_is_of_waits_ = request.last_is_of_waits;
  limits_waits_ = last_is_of_waits_ && is_sampled_each_time(sample_attrs_.back());
  const auto watermark = [](std::size_t ring_bytes, std::size_t part) {
    return static_cast<std::uint32_t>(
        std::min<std::size_t>(ring_bytes / part, std::numeric_limits<std::uint32_t>::max()));
  };
  side_attr_.wakeup_watermark = watermark(sizes_.side_bytes, 4);
  switch_attr_.wakeup_watermark = watermark(sizes_.switch_bytes, 2);
  for (perf_event_attr& attr : sample_attrs_) {
    attr.sample_stack_user = fitting_stack(attr, sizes_.sample_bytes);
    // Half: at the usual sizes the reader's own rhythm comes first and nobody is ever woken.
    attr.wakeup_watermark = watermark(sizes_.sample_bytes, 2);
    if (request.coverage != Coverage::kInherited) continue;
    attr.inherit = request.inherit ? 1 : 0;
    attr.enable_on_exec = request.enable_on_exec ? 1 : 0;
  }
  if (request.coverage == Coverage::kInherited) {
    side_attr_.inherit = 1;
    switch_attr_.inherit = request.inherit ? 1 : 0;
  }
  const std::size_t of_profile = sample_attrs_.size() - (request.last_is_of_waits ? 1 : 0);
  const bool may_stand_by =
      standby_ring_bytes_ != 0 &&
      std::ranges::all_of(std::span(sample_attrs_).first(of_profile), [&](const auto& attr) {
        return !is_sampled_each_time(attr) &&
               holds_enough(sizes_.sample_bytes, standby_attributes(attr));
      });
  if (may_stand_by) standby_.emplace(sample_attrs_);
}

std::expected<void, OpenError> EventSet::open_all(const EventRequest& request,
                                                  const OpenCall& call) {
  prepare(request);
  const auto& side_cpus =
      request.coverage == Coverage::kPerCpu ? request.side_cpus : request.sample_cpus;
  // Side events first: what is mapped while the others are being opened is known.
  for (const std::uint32_t cpu : side_cpus) {
    if (auto opened = open_cpu(request, cpu, RingKind::kSide, call); !opened) return opened;
  }
  if (request.switches) {
    for (const std::uint32_t cpu : request.sample_cpus) {
      if (auto opened = open_cpu(request, cpu, RingKind::kSwitches, call); !opened) return opened;
    }
  }
  for (const std::uint32_t cpu : request.sample_cpus) {
    if (auto opened = open_cpu(request, cpu, RingKind::kSamples, call); !opened) return opened;
  }
  if (samples_.empty()) {
    return std::unexpected(OpenError{
        .error = {.what = "nothing to sample: no such thread, or no such CPU",
                  .system_error = request.coverage == Coverage::kPerCpu ? ENODEV : ESRCH}});
  }
  if (!one_layout()) {
    return std::unexpected(OpenError{.error = {.what = "the kernel accepts events that differ"},
                                     .of_standby = standby_.has_value()});
  }
  return {};
}

/// Records of all are decoded by one.
bool EventSet::one_layout() const {
  const perf_event_attr& first = sample_attr();
  const auto agrees = [&](const perf_event_attr& attr) {
    return attr.sample_type == first.sample_type &&
           attr.sample_regs_user == first.sample_regs_user &&
           attr.exclude_kernel == first.exclude_kernel;
  };
  return std::ranges::all_of(sample_attrs_, agrees) &&
         (!standby_ || std::ranges::all_of(standby_->attrs(), agrees));
}

/// An offline CPU, or a thread that has ended.
bool EventSet::is_gone(const EventPlace& place, const Error& error) const {
  const bool whole_cpu = place.pid == -1 || (place.flags & PERF_FLAG_PID_CGROUP) != 0;
  return error.system_error == (whole_cpu ? ENODEV : ESRCH);
}

std::vector<PerfEvent>& EventSet::events_of(RingKind kind) {
  return kind == RingKind::kSamples ? samples_ : kind == RingKind::kSide ? sides_ : switches_;
}

std::expected<bool, OpenError> EventSet::open_unsampled(const EventPlace& place, RingKind kind,
                                                        const OpenCall& call) {
  auto event = open_event(kind == RingKind::kSide ? side_attr_ : switch_attr_, place, false, call);
  if (!event && is_gone(place, event.error())) return false;
  if (!event) return std::unexpected(open_error(event.error()));
  events_of(kind).push_back(*std::move(event));
  return true;
}

std::expected<bool, OpenError> EventSet::open_sample(const EventPlace& place, std::size_t row,
                                                     const OpenCall& call) {
  perf_event_attr& attr = sample_attrs_[row];
  const auto failed = [row](const Error& error, bool of_standby) {
    OpenError failure = open_error(error, of_standby);
    failure.event = row;
    return std::unexpected(std::move(failure));
  };
  if (standby_) {
    const auto opened = standby_->open(place, row, call);
    if (!opened && is_gone(place, opened.error())) return false;
    if (!opened) return failed(opened.error(), true);
  }
  auto event = open_event(attr, place, !needs_kernel_mode(attr), call);
  if (!event) {
    if (standby_) standby_->close_last();
    if (is_gone(place, event.error())) return false;
    return failed(event.error(), false);
  }
  if (!wait_filter_.empty() && row + 1 == sample_attrs_.size()) {
    auto filtered = event->set_filter(wait_filter_);
    if (filtered && standby_) filtered = standby_->events().back().set_filter(wait_filter_);
    if (!filtered) return failed(filtered.error(), false);
  }
  samples_.push_back(*std::move(event));
  sample_tasks_.push_back(place.flags == 0 ? place.pid : -1);
  sample_cpus_.push_back(static_cast<std::uint32_t>(place.cpu));
  sample_rows_.push_back(static_cast<std::uint16_t>(row));
  taken_over_.push_back(false);
  return true;
}

std::expected<void, OpenError> EventSet::open_cpu(const EventRequest& request, std::uint32_t cpu,
                                                  RingKind kind, const OpenCall& call) {
  std::vector<PerfEvent>& events = events_of(kind);
  const bool side = kind == RingKind::kSide;
  std::vector<EventPlace> places;
  if (request.coverage == Coverage::kPerCpu) {
    EventPlace place{.pid = -1, .cpu = static_cast<int>(cpu)};
    if (!side && request.cgroup_fd >= 0) {
      place.pid = request.cgroup_fd;
      place.flags = PERF_FLAG_PID_CGROUP;
    }
    places.push_back(place);
  } else {
    for (const Tid tid : side ? request.side_tasks : request.tasks) {
      places.push_back({.pid = tid, .cpu = static_cast<int>(cpu)});
    }
  }

  std::optional<std::size_t> owner;  // Of this CPU's ring.
  for (const EventPlace& place : places) {
    const std::size_t rows = kind == RingKind::kSamples ? sample_attrs_.size() : 1;
    for (std::size_t row = 0; row < rows; ++row) {
      const auto opened = kind == RingKind::kSamples ? open_sample(place, row, call)
                                                     : open_unsampled(place, kind, call);
      if (!opened) return std::unexpected(opened.error());
      if (!*opened) break;
      if (auto connected = map_or_redirect(events, owner, cpu, kind); !connected) {
        connected.error().event = row;
        return connected;
      }
    }
  }
  return {};
}

/// The first event of a CPU gets a ring; those after it write there.
std::expected<void, OpenError> EventSet::map_or_redirect(std::vector<PerfEvent>& events,
                                                         std::optional<std::size_t>& owner,
                                                         std::uint32_t cpu, RingKind kind) {
  if (owner) {
    auto shared = events.back().redirect_to(events[*owner].fd());
    if (!shared) return std::unexpected(OpenError{.error = shared.error()});
    return {};
  }
  owner = events.size() - 1;
  const std::size_t bytes = kind == RingKind::kSide       ? sizes_.side_bytes
                            : kind == RingKind::kSwitches ? sizes_.switch_bytes
                                                          : sizes_.sample_bytes;
  auto ring = EventRing::map(events.back(), cpu, kind, bytes);
  if (!ring) return std::unexpected(OpenError{.error = ring.error()});
  rings_.push_back(*std::move(ring));
  return {};
}

std::span<const EventRing> EventSet::sample_rings() const {
  const auto first = std::ranges::find_if(
      rings_, [](const EventRing& ring) { return ring.kind == RingKind::kSamples; });
  return {first, rings_.end()};
}

void EventSet::enable_samples() const {
  for (std::size_t row = 0; row < samples_.size(); ++row) {
    if (limits_waits_ && is_of_waits(row)) continue;
    (taken_over_[row] ? standby_->events() : sample_events())[row].enable();
  }
}

void EventSet::disable_samples() const {
  for (const PerfEvent& event : standby_events()) event.disable();
  for (const PerfEvent& event : samples_) event.disable();
}

std::span<const PerfEvent> EventSet::standby_events() const {
  return standby_ ? standby_->events() : std::span<const PerfEvent>{};
}

Result<void> EventSet::take_over(const std::function<void(EventRing&)>& read_from) {
  if (!standby_) return std::unexpected(Error{.what = "no events stand by"});
  for (const EventRing& ring : rings_) {
    if (ring.kind != RingKind::kSamples) continue;
    const auto larger = standby_->connect(ring, standby_ring_bytes_, rings_.size());
    if (!larger) return std::unexpected(larger.error());
    if (*larger != nullptr) read_from(**larger);
    for (std::size_t row = 0; row < samples_.size(); ++row) {
      if (sample_cpus_[row] != ring.cpu) continue;
      taken_over_[row] = !(limits_waits_ && is_of_waits(row));
      change_over(row);
    }
  }
  return {};
}

void EventSet::allow_wait_stacks(int stacks) const {
  if (!awaits_allowance()) return;
  // What is allowed may be taken before the reader comes.
  const std::size_t room = sizes_.sample_bytes / 2 / sample_record_bytes(sample_attrs_.back());
  const int allowed = std::min(stacks, static_cast<int>(std::min<std::size_t>(room, 1U << 20)));
  for (std::size_t row = 0; row < samples_.size(); ++row)
    if (is_of_waits(row)) samples_[row].enable_for(allowed);
}

void EventSet::end_waits() {
  waits_ended_ = true;
  for (std::size_t row = 0; row < samples_.size(); ++row) {
    if (is_of_waits(row)) samples_[row].disable();
  }
  for (const PerfEvent& event : switches_) event.disable();
}

void EventSet::change_over(std::size_t row) const {
  if (limits_waits_ && is_of_waits(row)) return;  // It stays as it is.
  standby_->events()[row].enable();
  samples_[row].disable();
}

void EventSet::repeat_takeover() const {
  for (std::size_t row = 0; row < samples_.size(); ++row) {
    if (taken_over_[row]) change_over(row);
  }
}

void EventSet::disable_all() const {
  disable_samples();
  for (const std::vector<PerfEvent>* events : {&sides_, &switches_})
    for (const PerfEvent& event : *events) event.disable();
}

std::vector<std::pair<std::uint64_t, std::uint16_t>> EventSet::sample_ids() const {
  std::vector<std::pair<std::uint64_t, std::uint16_t>> ids;
  for (const auto events : {sample_events(), standby_events()}) {
    for (std::size_t i = 0; i < events.size(); ++i) {
      ids.emplace_back(events[i].id(), sample_rows_[i]);
    }
  }
  return ids;
}

std::unordered_map<std::uint64_t, Tid> EventSet::sample_roots() const {
  std::unordered_map<std::uint64_t, Tid> roots;
  for (std::size_t i = 0; i < samples_.size(); ++i) {
    if (sample_tasks_[i] <= 0) continue;
    roots.emplace(samples_[i].id(), sample_tasks_[i]);
    if (standby_) roots.emplace(standby_->events()[i].id(), sample_tasks_[i]);
  }
  return roots;
}

std::optional<std::uint64_t> EventSet::samples_lost() const {
  std::uint64_t lost = 0;
  for (const PerfEvent& event : samples_) {
    const auto count = event.lost(sample_attr().read_format);
    if (!count) return std::nullopt;
    lost += *count;
  }
  for (const PerfEvent& event : standby_events()) {
    lost += event.lost(sample_attr().read_format).value_or(0);
  }
  return lost;
}

}  // namespace profiler::record
