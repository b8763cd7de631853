#include "record/sampling.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <utility>

#include "record/clock.h"
#include "record/event_attributes.h"
#include "record/permission.h"
#include "record/proc_file.h"
#include "record/tracefs.h"

namespace profiler::record {
namespace {

/// Copied records that the worker has yet to deal with.
constexpr std::size_t kBudgetBytes = std::size_t{64} << 20;
constexpr std::size_t kBudgetBytesPerCpu = std::size_t{4} << 20;

/// Loading the filter costs what a few thousand samples of strangers do.
constexpr std::uint64_t kStrangersWorthAFilter = 1000;

/// Of the takeover, where events are inherited: a look apart, so that the forks are over during
/// which the first came.
constexpr int kTakeoverRepeats = 2;

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
  std::vector<WaitStacks> ways;
  // Without the idle task's, which are half of all as a rule.
  if (const std::uint64_t id = switch_tracepoint(); id != 0) {
    ways.push_back({.attr = wait_stack_attributes(sample, id), .filter = "prev_pid != 0"});
  }
  ways.push_back({.attr = wait_stack_attributes(sample)});
  // Of two events that are the same, kernels give the records of both the id of one
  // (do_perf_sw_event() prepares a sample once).
  std::erase_if(ways, [&](const WaitStacks& way) {
    return std::ranges::any_of(request.samples, [&](const perf_event_attr& attr) {
      return attr.type == way.attr.type && attr.config == way.attr.config;
    });
  });
  return ways;
}

/// EventSet::open, and a filter that will send stacks of waits, or, as the last row, an event for
/// them, if either is permitted; without switches if they are not.
std::expected<OpenedEvents, OpenError> open_with_waits(EventRequest request, bool wait_stacks,
                                                       bool wakers) {
  const auto row = static_cast<std::uint16_t>(request.samples.size());
  if (wait_stacks && request.coverage == Coverage::kPerCpu) {
    using Extra = ProcessFilter::Extra;
    auto filter = ProcessFilter::load(wakers ? Extra::kSwitchesAndWakers : Extra::kSwitches);
    auto events = filter ? EventSet::open(request) : std::unexpected(OpenError{});
    if (events) {
      return OpenedEvents{.events = *std::move(events),
                          .coverage = request.coverage,
                          .wait_row = row,
                          .filter = *std::move(filter)};
    }
  }
  for (const WaitStacks& way :
       wait_stacks ? ways_to_wait_stacks(request) : std::vector<WaitStacks>()) {
    EventRequest with = request;
    with.samples.push_back(way.attr);
    with.last_is_of_waits = true;
    with.wait_filter = way.filter;
    auto events = EventSet::open(with);
    if (!events) continue;
    return OpenedEvents{
        .events = *std::move(events), .coverage = request.coverage, .wait_row = row};
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
    auto opened = open_with_waits(request, wait_stacks, options.wakers);
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
    if (waits && !events.has_switches()) {
      notes.emplace_back("waiting was not recorded: events of context switches are refused");
    } else if (wait_stacks && !opened->wait_row) {
      notes.push_back(note_waits_without_stacks());
    }
    return opened;
  }
  return result;
}

Sampling::Sampling(OpenedEvents opened, const RecordOptions& options, const Target& target,
                   pipeline::Pipeline& pipeline, Observer* observer)
    : events_(std::move(opened.events)),
      coverage_(opened.coverage),
      start_monotonic_ns_(pipeline.profile().run.start_monotonic_ns),
      enabled_by_exec_(events_.sample_attr().enable_on_exec != 0),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (pipeline.profile().run.events.size() > 1 || opened.wait_row) {
    for (const auto& [id, row] : events_.sample_ids()) pipeline.set_event_id(id, row);
    for (std::size_t row = 0; row < events_.sample_attrs().size(); ++row) {
      pipeline.set_event_weight(static_cast<std::uint16_t>(row),
                                fixed_weight(events_.sample_attrs()[row]));
    }
  }
  if (events_.has_switches()) {
    pipeline.record_waits();
    pipeline.profile().run.wait_coverage =
        opened.wait_row ? WaitCoverage::kStacks : WaitCoverage::kDurations;
  }
  if (opened.wait_row) pipeline.set_wait_event(*opened.wait_row, opened.filter.has_value());
  if (opened.filter) {
    keep_targets(*std::move(opened.filter), target);
    open_senders(pipeline, *opened.wait_row, options.wakers);
  } else if (options.wakers) {
    pipeline.profile().run.notes.emplace_back("who ends waits was not recorded: it takes BPF");
  }
  layouts_.resize(2);
  layouts_[kSampleLayout] = events::EventLayout::of(events_.sample_attr());
  layouts_[kSideLayout] = events::EventLayout::of(events_.side_attr());

  // The reader first: the side rings fill up while the target is being told.
  const bool keeps_strangers = target.is_system_wide() || target.scope() == Scope::kThreads;
  drops_strangers_ = coverage_ == Coverage::kPerCpu && !keeps_strangers;
  ReaderSettings reader_settings;
  reader_settings.budget_bytes = std::max(kBudgetBytes, kBudgetBytesPerCpu * online_cpus().size());
  reader_settings.own_pid = drops_strangers_ ? ::getpid() : 0;
  WorkerSettings worker_settings;
  for (const EventRing& ring : events_.rings()) worker_settings.rings.push_back(ring.kind);
  worker_settings.drop_strangers = drops_strangers_;
  worker_settings.observer = observer;
  worker_settings.kept_ids = wakers_.ids();
  if (events_.has_standby()) {
    worker_settings.watched_stack_bytes = events_.sample_attr().sample_stack_user;
  }
  if (target.scope() == Scope::kProcesses) worker_settings.sample_roots = events_.sample_roots();
  worker_settings.read_maps_again = [&target](pipeline::Pipeline& to) {
    target.tell_again(to, monotonic_ns());
  };
  if (options.max_file_bytes && options.file_bytes) {
    worker_settings.limit_reached = [&options] {
      return options.file_bytes() >= *options.max_file_bytes;
    };
  }
  reader_ = std::make_unique<Reader>(events_, layouts_, handoff_, reader_settings);
  target.tell(pipeline, monotonic_ns());
  worker_ = std::make_unique<Worker>(layouts_, handoff_, pipeline, std::move(worker_settings),
                                     wake_.get());
}

void Sampling::keep_targets(ProcessFilter filter, const Target& target) {
  early_filter_ = std::move(filter);
  filter_settled_ = true;
  if (target.is_system_wide()) {
    early_filter_->keep_everybody();
    return;
  }
  // Whoever was forked before its parent was added is found here, everybody else by the filter.
  for (bool found_new = true; found_new;) {
    found_new = false;
    for (const Pid pid : target.processes()) {
      if (early_filter_->contains(pid)) continue;
      found_new = early_filter_->add(pid);
      if (!found_new) return early_filter_->keep_everybody();
    }
  }
  // Where none takes it, strangers are left out after copying.
  [[maybe_unused]] const auto attached = early_filter_->attach(events_);
}

void Sampling::open_senders(pipeline::Pipeline& pipeline, std::uint16_t wait_row, bool wakers) {
  perf_event_attr attr = AddedEvents::attributes(events_.sample_attr());
  attr.type = PERF_TYPE_SOFTWARE;
  attr.config = PERF_COUNT_SW_BPF_OUTPUT;
  attr.freq = 0;
  attr.sample_period = 1;
  const auto rings = events_.sample_rings();
  const auto open = [&](AddedEvents& events, auto send) -> Result<void> {
    if (auto opened = events.open(attr, rings); !opened) return opened;
    for (std::size_t i = 0; i < rings.size(); ++i)
      if (auto sent = (*early_filter_.*send)(events.all()[i], rings[i].cpu); !sent) return sent;
    return {};
  };
  const auto waker_row = static_cast<std::uint16_t>(wait_row + 1);
  auto sent = open(leavers_, &ProcessFilter::send_switches_to);
  if (sent && wakers) sent = open(wakers_, &ProcessFilter::send_wakers_to);
  if (!sent) {
    pipeline.profile().run.notes.push_back("not all stacks of waits were taken: " +
                                           sent.error().message());
  }
  for (const std::uint64_t id : leavers_.ids()) pipeline.set_event_id(id, wait_row);
  for (const std::uint64_t id : wakers_.ids()) pipeline.set_event_id(id, waker_row);
  pipeline.set_waker_event(waker_row);
}

void Sampling::enable() {
  if (!enabled_by_exec_) events_.enable_samples();
}

std::optional<std::string> Sampling::look() {
  if (repeats_left_ != 0) {
    --repeats_left_;
    events_.repeat_takeover();
  }
  return look_at_filter();
}

std::optional<std::string> Sampling::look_at_filter() {
  if (!drops_strangers_ || filter_settled_) return std::nullopt;
  if (!filter_) {
    if (worker_->stranger_samples() < kStrangersWorthAFilter) return std::nullopt;
    filter_ = std::make_unique<StrangerFilter>(events_, *worker_);
  }
  auto report = filter_->take_report();
  if (!report) return std::nullopt;
  filter_settled_ = true;
  return *report + ", after " + std::to_string(worker_->stranger_samples()) + " samples of theirs";
}

std::optional<std::string> Sampling::on_wake() {
  std::uint64_t times = 0;
  [[maybe_unused]] const ssize_t taken = ::read(wake_.get(), &times, sizeof times);
  if (!worker_->wants_larger_stacks()) return std::nullopt;
  return enlarge_stacks();
}

std::string Sampling::enlarge_stacks() {
  const TruncationWatch& seen = worker_->truncation();
  const std::string why =
      std::to_string(seen.too_short()) + " of " + std::to_string(seen.copies()) + " were too short";
  std::size_t ring_bytes = events_.sizes().sample_bytes;
  const auto taken = events_.take_over([&](EventRing& ring) {
    ring_bytes = ring.mapped.data().size();
    reader_->add(ring);
  });
  if (!taken) return "stack copies stay as they are though " + why + ": " + taken.error().message();
  stack_enlargement_ = {.bytes = kMaxStackBytes, .after_ns = monotonic_ns() - start_monotonic_ns_};
  if (coverage_ == Coverage::kInherited) repeats_left_ = kTakeoverRepeats;
  return "stack copies of " + std::to_string(kMaxStackBytes) + " bytes from now on, rings of " +
         std::to_string(ring_bytes >> 10) + " KiB: " + why;
}

SamplingResult Sampling::stop() {
  leavers_.disable();
  wakers_.disable();
  events_.disable_all();
  const ReaderResult read = reader_->stop();
  WorkerResult worked = worker_->join();
  filter_.reset();
  SamplingResult result;
  // Where the kernel counts itself, its count is whole; LOST records come only once there is room.
  result.losses.samples_lost = std::max(worked.samples_lost, events_.samples_lost().value_or(0));
  worked.loss_share.on_untold_loss(result.losses.samples_lost - worked.samples_lost);
  result.losses.samples_lost_of_others = worked.loss_share.of_others();
  result.losses.side_records_lost = worked.side_records_lost;
  result.losses.samples_dropped = read.counts.samples_dropped;
  result.losses.stacks_shortened = read.counts.stacks_shortened;
  result.losses.malformed_records = read.malformed + worked.malformed;
  result.stack_enlargement = stack_enlargement_;
  result.cpu_ns = read.cpu_ns + worked.cpu_ns;
  result.late_records = worked.late;
  return result;
}

}  // namespace profiler::record
