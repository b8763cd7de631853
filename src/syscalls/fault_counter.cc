#include "syscalls/fault_counter.h"

#include <linux/perf_event.h>

#include <cerrno>
#include <utility>

#include "record/descriptor_limit.h"
#include "record/proc_file.h"

namespace profiler::syscalls {
namespace {

std::vector<record::EventPlace> places(const record::Target& target) {
  std::vector<record::EventPlace> places;
  if (target.is_system_wide()) {
    for (const std::uint32_t cpu : record::online_cpus()) {
      record::EventPlace place{.pid = -1, .cpu = static_cast<int>(cpu)};
      if (target.cgroup_fd() >= 0) {
        place.pid = target.cgroup_fd();
        place.flags = PERF_FLAG_PID_CGROUP;
      }
      places.push_back(place);
    }
    return places;
  }
  for (const Tid tid : target.tasks()) places.push_back({.pid = tid, .cpu = -1});
  return places;
}

}  // namespace

FaultCounter::FaultCounter(const record::Target& target, bool from_exec)
    : minor_(open(PERF_COUNT_SW_PAGE_FAULTS_MIN, target, from_exec)),
      major_(open(PERF_COUNT_SW_PAGE_FAULTS_MAJ, target, from_exec)) {}

FaultCounter::Events FaultCounter::open(std::uint64_t config, const record::Target& target,
                                        bool from_exec) {
  perf_event_attr attr{};
  attr.size = sizeof attr;
  attr.type = PERF_TYPE_SOFTWARE;
  attr.config = config;
  attr.exclude_kernel = 1;
  attr.exclude_hv = 1;
  attr.inherit = target.is_system_wide() || target.scope() == Scope::kThreads ? 0 : 1;
  attr.disabled = from_exec ? 1 : 0;
  attr.enable_on_exec = from_exec ? 1 : 0;
  Events events;
  for (const record::EventPlace& place : places(target)) {
    auto event = record::open_event(attr, place, false);
    if (!event && event.error().system_error == EMFILE) {
      record::raise_descriptor_limit();
      event = record::open_event(attr, place, false);
    }
    if (event) {
      events.push_back(*std::move(event));
    } else if (const int why = event.error().system_error; why != ESRCH && why != ENODEV) {
      return {};  // Some only would be a wrong number.
    }
  }
  return events;
}

std::optional<std::uint64_t> FaultCounter::sum(const Events& events) {
  if (events.empty()) return std::nullopt;
  std::uint64_t sum = 0;
  for (const record::PerfEvent& event : events) {
    const auto count = event.count();
    if (!count) return std::nullopt;
    sum += *count;
  }
  return sum;
}

}  // namespace profiler::syscalls
