#include "record/open_events.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "record/event_attributes.h"
#include "record/permission.h"
#include "record/proc_file.h"
#include "record/tracefs.h"

namespace profiler::record {
namespace {

std::uint64_t permitted_frequency(std::uint64_t asked, std::vector<std::string>& notes) {
  const auto limit = read_number("/proc/sys/kernel/perf_event_max_sample_rate");
  if (!limit || *limit <= 0 || asked <= static_cast<std::uint64_t>(*limit)) return asked;
  notes.push_back("sampling at " + std::to_string(*limit) + " Hz instead of " +
                  std::to_string(asked) + ": kernel.perf_event_max_sample_rate allows no more");
  return static_cast<std::uint64_t>(*limit);
}

/// In order of preference.
std::vector<Coverage> coverages(const RecordOptions& options, const Target& target,
                                std::span<const perf_event_attr> samples) {
  if (target.is_system_wide()) return {Coverage::kPerCpu};
  if (target.scope() == Scope::kThreads) return {Coverage::kInherited};
  if (options.coverage) return {*options.coverage};
  // Of what is sampled each time it happens, events that follow forks miss nothing, and spare the
  // rings what all others on this machine do.
  if (std::ranges::all_of(samples, is_sampled_each_time))
    return {Coverage::kInherited, Coverage::kPerCpu};
  return {Coverage::kPerCpu, Coverage::kInherited};
}

/// sched:sched_switch, which can be filtered; 0: not to be had.
std::uint64_t switch_tracepoint() {
  const auto tracefs = Tracefs::open();
  if (!tracefs) return 0;
  return tracefs->id({.system = "sched", .name = "sched_switch"}).value_or(0);
}

/// The ways to be told the stacks of waits without BPF, best first.
struct WaitStacks {
  perf_event_attr attr{};
  std::string filter = {};
};

std::vector<WaitStacks> ways_to_wait_stacks(const EventRequest& request) {
  const perf_event_attr& sample = request.samples.front();
  // Not the trace point first, though it can leave the idle task out: to close one takes 50 ms.
  std::vector<WaitStacks> ways = {{.attr = wait_stack_attributes(sample)}};
  if (const std::uint64_t id = switch_tracepoint(); id != 0)
    ways.push_back({.attr = wait_stack_attributes(sample, id), .filter = "prev_pid != 0"});
  // Of two events that are the same, kernels give the records of both the id of one
  // (do_perf_sw_event() prepares a sample once).
  std::erase_if(ways, [&](const WaitStacks& way) {
    return std::ranges::any_of(request.samples, [&](const perf_event_attr& attr) {
      return attr.type == way.attr.type && attr.config == way.attr.config;
    });
  });
  return ways;
}

/// EventSet::open, with an event for the stacks of waits as the last row if one is permitted;
/// without switches if they are not.
std::expected<OpenedEvents, OpenError> open_with_waits(EventRequest request, bool wait_stacks) {
  for (const WaitStacks& way :
       wait_stacks ? ways_to_wait_stacks(request) : std::vector<WaitStacks>()) {
    EventRequest with = request;
    with.samples.push_back(way.attr);
    // A frequency leaves most out after a burst. Inherited events have no other limit.
    if (request.coverage == Coverage::kPerCpu) sample_each_time(with.samples.back());
    with.last_is_of_waits = true;
    with.wait_filter = way.filter;
    auto events = EventSet::open(with);
    if (!events) continue;
    return OpenedEvents{
        .events = *std::move(events), .coverage = request.coverage, .has_wait_stacks = true};
  }
  auto events = EventSet::open(request);
  if (!events && request.switches) {  // So many descriptors less.
    request.switches.reset();
    events = EventSet::open(request);
  }
  if (!events) return std::unexpected(events.error());
  return OpenedEvents{.events = *std::move(events), .coverage = request.coverage};
}

std::vector<perf_event_attr> permitted_attributes(const RecordOptions& options,
                                                  std::span<const NamedEvent> named,
                                                  std::vector<std::string>& notes) {
  std::vector<perf_event_attr> attrs = sample_attributes(named, options);
  if (std::ranges::none_of(attrs, [](const perf_event_attr& attr) { return attr.freq != 0; }))
    return attrs;
  RecordOptions permitted = options;
  permitted.frequency_hz = permitted_frequency(options.frequency_hz, notes);
  return sample_attributes(named, permitted);
}

}  // namespace

std::expected<OpenedEvents, OpenError> open_events(const RecordOptions& options,
                                                   std::span<const NamedEvent> named,
                                                   const Target& target,
                                                   std::vector<std::string>& notes) {
  const std::vector<std::uint32_t> online = online_cpus();
  EventRequest request;
  request.samples = permitted_attributes(options, named, notes);
  const std::uint32_t stack_bytes = request.samples.front().sample_stack_user;
  const bool waits = options.waits != WaitCoverage::kNone;
  const bool wait_stacks = options.waits == WaitCoverage::kStacks;
  if (waits) request.switches = switch_attributes();
  std::vector<perf_event_attr> sampled = request.samples;
  if (wait_stacks) sampled.push_back(wait_stack_attributes(sampled.front()));
  const perf_event_attr sum = sum_of(sampled);
  request.side = side_attributes();
  request.side_cpus = online;
  request.sample_cpus = target.scope() == Scope::kCpus ? options.cpus : online;
  request.cgroup_fd = target.cgroup_fd();
  request.inherit = target.scope() != Scope::kThreads;
  request.enable_on_exec = target.scope() == Scope::kProgram;
  const RingLimits limits = RingLimits::of_this_process(online.size());
  request.sizes = ring_sizes(sum, online.size(), options.ring_bytes, limits, waits);
  if (options.call_graph == CallGraph::kDwarf && options.stack_may_grow &&
      stack_bytes < kMaxStackBytes) {
    request.standby_ring_bytes =
        ring_sizes(standby_attributes(sum), online.size(), options.ring_bytes, limits).sample_bytes;
  }

  std::expected<OpenedEvents, OpenError> result = std::unexpected(OpenError{});
  for (const Coverage coverage : coverages(options, target, request.samples)) {
    request.coverage = coverage;
    if (coverage == Coverage::kInherited) {
      request.tasks = target.tasks();
      request.side_tasks = target.processes_tasks();
    }
    auto opened = open_with_waits(request, wait_stacks);
    if (!opened) {
      result = std::unexpected(opened.error());
      const bool too_many = opened.error().error.system_error == EMFILE;
      if (!opened.error().refused && !too_many) break;
      continue;
    }
    const EventSet& events = opened->events;
    if (!events.kernel_sampled()) notes.push_back(note_kernel_hidden());
    if (events.sample_attr().sample_stack_user < stack_bytes) {
      notes.push_back("stack copies are " + std::to_string(events.sample_attr().sample_stack_user) +
                      " bytes instead of " + std::to_string(stack_bytes) +
                      ": kernel.perf_event_mlock_kb and ulimit -l allow no larger rings");
    }
    if (waits && !events.has_switches())
      notes.emplace_back("waiting was not recorded: events of context switches are refused");
    return opened;
  }
  return result;
}

}  // namespace profiler::record
