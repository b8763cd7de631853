#include "record/sampling.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <span>
#include <utility>

#include "record/clock.h"
#include "record/event_attributes.h"
#include "record/permission.h"
#include "record/proc_file.h"

namespace profiler::record {

using pipeline::EventRole;
namespace {

/// Copied records that the worker has yet to deal with.
constexpr std::size_t kBudgetBytes = std::size_t{64} << 20;
constexpr std::size_t kBudgetBytesPerCpu = std::size_t{4} << 20;

/// A recording that lasts so long is worth what loading BPF costs. Until then the kernel's own
/// events record waits.
constexpr std::uint64_t kBpfAfterNs = 100'000'000;

/// Until then: stacks of waits on each CPU, at first and with each look; the idle task's, which are
/// half of them as a rule, are among these. A wait that has begun by then may be the only one of
/// its thread.
constexpr int kFirstWaitStacks = 800;
constexpr int kWaitStacksALook = 200;

constexpr const char* kNoWakers = "who ends waits was not recorded: it takes BPF";

/// Loading the filter costs what a few thousand samples of strangers do.
constexpr std::uint64_t kStrangersWorthAFilter = 1000;

/// Of the takeover, where events are inherited: a look apart, so that the forks are over during
/// which the first came.
constexpr int kTakeoverRepeats = 2;

}  // namespace

Sampling::Sampling(OpenedEvents opened, const RecordOptions& options, const Target& target,
                   pipeline::Pipeline& pipeline, Observer* observer)
    : events_(std::move(opened.events)),
      coverage_(opened.coverage),
      enabled_by_exec_(events_.sample_attr().enable_on_exec != 0),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  const bool waits = events_.has_switches();
  if (pipeline.profile().run.events.size() > 1 || waits) {
    for (const auto& [id, row] : events_.sample_ids()) pipeline.set_event_id(id, row);
    for (std::size_t row = 0; row < events_.sample_attrs().size(); ++row) {
      pipeline.set_event_weight(static_cast<std::uint16_t>(row),
                                fixed_weight(events_.sample_attrs()[row]));
    }
  }
  if (waits) prepare_waits(pipeline, options, opened.has_wait_stacks);
  layouts_.resize(kRingKinds, events::EventLayout::of(events_.side_attr()));
  layouts_[layout_row(RingKind::kSamples)] = events::EventLayout::of(events_.sample_attr());
  layouts_[layout_row(RingKind::kBpfSwitches)] = {
      .sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU | PERF_SAMPLE_IDENTIFIER,
      .sample_id_all = true};

  // The reader first: the side rings fill up while the target is being told.
  const bool keeps_strangers = target.is_system_wide() || target.scope() == Scope::kThreads;
  drops_strangers_ = coverage_ == Coverage::kPerCpu && !keeps_strangers;
  ReaderSettings reader_settings;
  reader_settings.budget_bytes = std::max(kBudgetBytes, kBudgetBytesPerCpu * online_cpus().size());
  reader_settings.own_pid = drops_strangers_ ? ::getpid() : 0;
  WorkerSettings worker_settings;
  worker_settings.drop_strangers = drops_strangers_;
  worker_settings.observer = observer;
  worker_settings.kept_ids = bpf_waits_.waker_ids();
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
  begin(pipeline);
  target.tell(pipeline, monotonic_ns());
  worker_ = std::make_unique<Worker>(layouts_, handoff_, pipeline, std::move(worker_settings),
                                     wake_.get());
  if (coverage_ != Coverage::kPerCpu || (!drops_strangers_ && !waits)) return;
  filter_state_ = FilterState::kWanted;
  filter_settings_.everybody = target.is_system_wide();
  if (!filter_settings_.everybody) filter_settings_.roots = target.processes();
  if (waits && (options.wakers || (filter_settings_.extra.wait_stacks && !opened.has_wait_stacks)))
    load_filter_at_once(pipeline, options);
}

void Sampling::begin(pipeline::Pipeline& pipeline) {
  Run& run = pipeline.profile().run;
  start_monotonic_ns_ = monotonic_ns();
  run.start_unix_ns += start_monotonic_ns_ - run.start_monotonic_ns;
  pipeline.set_start(start_monotonic_ns_);
}

Sampling::~Sampling() {
  reader_.reset();  // The worker ends, and with it what the filter's thread may wait for.
  filter_.reset();
}

void Sampling::prepare_waits(pipeline::Pipeline& pipeline, const RecordOptions& options,
                             bool has_stacks) {
  pipeline.record_waits();
  Run& run = pipeline.profile().run;
  run.wait_coverage = has_stacks ? WaitCoverage::kStacks : WaitCoverage::kDurations;
  const auto rows = static_cast<std::uint16_t>(events_.sample_attrs().size());
  if (has_stacks)
    pipeline.set_event_role(static_cast<std::uint16_t>(rows - 1), EventRole::kWaitStack);
  const bool stacks = options.waits == WaitCoverage::kStacks;
  if (coverage_ != Coverage::kPerCpu) {
    if (stacks && !has_stacks) notes_.push_back(note_waits_without_stacks());
    if (options.wakers) notes_.emplace_back(kNoWakers);
    return;
  }
  filter_settings_.extra = {.switch_ring_bytes = events_.sizes().switch_bytes,
                            .wait_stacks = stacks,
                            .wakers = options.wakers};
  const auto opened = bpf_waits_.open(events_.sample_attr(), events_.sample_rings(),
                                      {.stacks = stacks, .wakers = options.wakers});
  if (!opened) notes_.push_back("not all stacks of waits were taken: " + opened.error().message());
  bpf_waits_.tell(pipeline, rows);
}

void Sampling::load_filter_at_once(pipeline::Pipeline& pipeline, const RecordOptions& options) {
  load_filter();
  filter_->wait();
  [[maybe_unused]] const auto news = look_at_filter();
  const bool loaded = filter_state_ == FilterState::kOverlapping;
  Run& run = pipeline.profile().run;
  if (loaded && filter_settings_.extra.wait_stacks) run.wait_coverage = WaitCoverage::kStacks;
  if (!loaded && options.wakers) notes_.emplace_back(kNoWakers);
  if (options.waits == WaitCoverage::kStacks && run.wait_coverage != WaitCoverage::kStacks)
    notes_.push_back(note_waits_without_stacks());
}

void Sampling::enable() {
  if (!enabled_by_exec_) events_.enable_samples();
  events_.allow_wait_stacks(kFirstWaitStacks);
}

std::optional<std::string> Sampling::look() {
  if (repeats_left_ != 0) {
    --repeats_left_;
    events_.repeat_takeover();
  }
  events_.allow_wait_stacks(kWaitStacksALook);
  return look_at_filter();
}

std::optional<std::string> Sampling::look_at_filter() {
  switch (filter_state_) {
    case FilterState::kWanted: {
      const bool long_enough = monotonic_ns() - start_monotonic_ns_ >= kBpfAfterNs;
      const bool pays = events_.has_switches()
                            ? long_enough
                            : worker_->stranger_samples() >= kStrangersWorthAFilter;
      if (pays) load_filter();
      return std::nullopt;
    }
    case FilterState::kLoading: {
      auto outcome = filter_->take_outcome();
      if (!outcome) return std::nullopt;
      filter_state_ = FilterState::kSettled;
      std::string report = std::move(outcome->report);
      if (outcome->filter != nullptr) report += use_filter(*outcome->filter);
      return report + ", after " + std::to_string(worker_->stranger_samples()) +
             " samples of theirs";
    }
    case FilterState::kOverlapping:
      if (monotonic_ns() < overlaps_until_ns_) return std::nullopt;
      events_.end_waits();
      filter_state_ = FilterState::kSettled;
      return std::nullopt;
    case FilterState::kSettled:
      break;
  }
  return std::nullopt;
}

void Sampling::load_filter() {
  filter_settings_.wake_fd = wake_.get();
  filter_ = std::make_unique<LateFilter>(events_, *worker_, filter_settings_);
  filter_state_ = FilterState::kLoading;
}

std::string Sampling::use_filter(ProcessFilter& filter) {
  if (!events_.has_switches()) return "";
  const auto started = bpf_waits_.start(filter, *reader_, *worker_);
  if (!started) return ", which cannot record switches: " + started.error().message();
  overlaps_until_ns_ = *started;
  filter_state_ = FilterState::kOverlapping;
  return ", which records switches";
}

std::optional<std::string> Sampling::on_wake() {
  std::uint64_t times = 0;
  [[maybe_unused]] const ssize_t taken = ::read(wake_.get(), &times, sizeof times);
  if (worker_->wants_larger_stacks()) return enlarge_stacks();
  return filter_state_ == FilterState::kLoading ? look_at_filter() : std::nullopt;
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
  SamplingResult result;
  result.losses.switches_lost = bpf_waits_.stop();
  events_.disable_all();
  const ReaderResult read = reader_->stop();
  WorkerResult worked = worker_->join();
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
  result.notes = notes_;
  return result;
}

}  // namespace profiler::record
