#include "record/event_set.h"

#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <limits>

#include "record/event_attributes.h"

namespace profiler::record {
namespace {

bool is_refusal(int system_error) {
  return system_error == EPERM || system_error == EACCES || system_error == ENOSYS;
}

/// All threads of a large process on many CPUs need more descriptors than the soft limit.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
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

std::expected<void, OpenError> EventSet::open_all(const EventRequest& request,
                                                  const OpenCall& call) {
  sample_attr_ = request.sample;
  side_attr_ = request.side;
  sample_attr_.sample_stack_user = fitting_stack(sample_attr_, sizes_.sample_bytes);
  const auto watermark = [](std::size_t ring_bytes, std::size_t part) {
    return static_cast<std::uint32_t>(
        std::min<std::size_t>(ring_bytes / part, std::numeric_limits<std::uint32_t>::max()));
  };
  // Half: at the usual sizes the reader's own rhythm comes first and nobody is ever woken.
  sample_attr_.wakeup_watermark = watermark(sizes_.sample_bytes, 2);
  side_attr_.wakeup_watermark = watermark(sizes_.side_bytes, 4);
  if (request.coverage == Coverage::kInherited) {
    sample_attr_.inherit = request.inherit ? 1 : 0;
    side_attr_.inherit = 1;
    sample_attr_.enable_on_exec = request.enable_on_exec ? 1 : 0;
  }
  if (const perf_event_attr standby = standby_attributes(sample_attr_);
      standby_ring_bytes_ != 0 && holds_enough(sizes_.sample_bytes, standby)) {
    standby_.emplace(standby);
  }
  const auto& side_cpus =
      request.coverage == Coverage::kPerCpu ? request.side_cpus : request.sample_cpus;
  // Side events first: what is mapped while the others are being opened is known.
  for (const std::uint32_t cpu : side_cpus) {
    if (auto opened = open_cpu(request, cpu, true, call); !opened) return opened;
  }
  for (const std::uint32_t cpu : request.sample_cpus) {
    if (auto opened = open_cpu(request, cpu, false, call); !opened) return opened;
  }
  if (samples_.empty()) {
    return std::unexpected(OpenError{
        .error = {.what = "nothing to sample: no such thread, or no such CPU",
                  .system_error = request.coverage == Coverage::kPerCpu ? ENODEV : ESRCH}});
  }
  if (standby_ && !standby_agrees()) {
    return std::unexpected(OpenError{.error = {.what = "events that differ"}, .of_standby = true});
  }
  return {};
}

/// Records of both are decoded by one layout.
bool EventSet::standby_agrees() const {
  perf_event_attr expected = standby_attributes(sample_attr_);
  const perf_event_attr& standby = standby_->attr();
  return standby.sample_type == expected.sample_type &&
         standby.read_format == expected.read_format &&
         standby.sample_regs_user == expected.sample_regs_user &&
         standby.exclude_kernel == expected.exclude_kernel;
}

std::expected<void, OpenError> EventSet::open_cpu(const EventRequest& request, std::uint32_t cpu,
                                                  bool side, const OpenCall& call) {
  perf_event_attr& attr = side ? side_attr_ : sample_attr_;
  std::vector<PerfEvent>& events = side ? sides_ : samples_;
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
  // An offline CPU, or a thread that has ended.
  const auto is_gone = [&](const Error& error) {
    return error.system_error == (request.coverage == Coverage::kPerCpu ? ENODEV : ESRCH);
  };
  for (const EventPlace& place : places) {
    const bool stood_by = standby_ && !side;
    if (stood_by) {
      const auto opened = standby_->open(place, call);
      if (!opened && is_gone(opened.error())) continue;
      if (!opened) return std::unexpected(open_error(opened.error(), true));
    }
    auto event = open_event(attr, place, !side, call);
    if (!event) {
      if (stood_by) standby_->close_last();
      if (is_gone(event.error())) continue;
      return std::unexpected(open_error(event.error()));
    }
    events.push_back(*std::move(event));
    if (!side) {
      sample_tasks_.push_back(request.coverage == Coverage::kInherited ? place.pid : -1);
      sample_cpus_.push_back(cpu);
      taken_over_.push_back(false);
    }
    if (owner) {
      if (auto shared = events.back().redirect_to(events[*owner].fd()); !shared) {
        return std::unexpected(OpenError{.error = shared.error()});
      }
      continue;
    }
    owner = events.size() - 1;
    const std::size_t bytes = side ? sizes_.side_bytes : sizes_.sample_bytes;
    auto ring = EventRing::map(events.back(), cpu, side, bytes);
    if (!ring) return std::unexpected(OpenError{.error = ring.error()});
    rings_.push_back(*std::move(ring));
  }
  return {};
}

std::span<const EventRing> EventSet::sample_rings() const {
  const auto first = std::ranges::find_if(rings_, [](const EventRing& ring) { return !ring.side; });
  return {first, rings_.end()};
}

void EventSet::enable_samples() const {
  for (std::size_t row = 0; row < samples_.size(); ++row) {
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
    if (ring.side) continue;
    const auto larger = standby_->connect(ring, standby_ring_bytes_, rings_.size());
    if (!larger) return std::unexpected(larger.error());
    if (*larger != nullptr) read_from(**larger);
    for (std::size_t row = 0; row < samples_.size(); ++row) {
      if (sample_cpus_[row] != ring.cpu) continue;
      taken_over_[row] = true;
      change_over(row);
    }
  }
  return {};
}

void EventSet::change_over(std::size_t row) const {
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
  for (const PerfEvent& event : sides_) event.disable();
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
    const auto count = event.lost(sample_attr_.read_format);
    if (!count) return std::nullopt;
    lost += *count;
  }
  for (const PerfEvent& event : standby_events()) {
    lost += event.lost(sample_attr_.read_format).value_or(0);
  }
  return lost;
}

}  // namespace profiler::record
