#include "record/recording.h"

#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <memory>
#include <optional>
#include <ranges>
#include <string>
#include <utility>
#include <vector>

#include "record/child_process.h"
#include "record/clock.h"
#include "record/event_name.h"
#include "record/permission.h"
#include "record/run_description.h"
#include "record/sampling.h"
#include "record/signals.h"
#include "record/target.h"

namespace profiler::record {
namespace {

constexpr std::uint64_t kProgressNs = 1'000'000'000;
/// How often an attached process is looked at: whether it lives, what it has used.
constexpr std::uint64_t kLookNs = 100'000'000;

std::uint64_t ns_of(const timeval& time) {
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(time.tv_usec) * 1000;
}

RecordError failed(Error error) {
  return {.error = std::move(error), .failure = StartFailure::kProfiler};
}

/// One call of record().
class Recording {
 public:
  Recording(const RecordOptions& options, pipeline::Pipeline& pipeline,
            const std::function<void(const Progress&)>& progress, Observer* observer)
      : options_(options), pipeline_(pipeline), progress_(progress), observer_(observer) {}

  std::expected<void, RecordError> run();

 private:
  Run& run_info() { return pipeline_.profile().run; }
  void log(const std::string& line) const {
    if (options_.log) options_.log(line);
  }
  [[nodiscard]] std::vector<NamedEvent> choose_events() const;
  std::expected<void, RecordError> start_child();
  std::expected<OpenedEvents, OpenError> open_permitted(std::vector<NamedEvent>& named);
  std::expected<void, RecordError> start_sampling(std::vector<NamedEvent> named);
  void log_events();
  std::expected<void, RecordError> let_go();

  void wait_for_end();
  [[nodiscard]] int poll_timeout_ms(std::uint64_t now) const;
  void on_signal(const signalfd_siginfo& info);
  void suspend();
  void look(std::uint64_t now);
  void every_second(std::uint64_t now);

  void stop_sampling();
  void fill_in_end();

  const RecordOptions& options_;
  pipeline::Pipeline& pipeline_;
  const std::function<void(const Progress&)>& progress_;
  Observer* observer_;

  BlockedSignals signals_;
  std::optional<ChildProcess> child_;
  std::optional<Target> target_;
  std::unique_ptr<Sampling> sampling_;

  std::uint64_t began_ns_ = 0;
  std::uint64_t stopped_ns_ = 0;  // 0: still sampling (or, with no events, waiting).
  std::uint64_t next_progress_ns_ = 0;
  std::uint64_t next_look_ns_ = 0;
  bool end_asked_ = false;  // By a signal, with no child to decide.
  std::optional<ChildEnd> child_end_;
  std::uint64_t child_ended_ns_ = 0;
};

std::vector<NamedEvent> Recording::choose_events() const {
  if (!options_.events.empty()) return options_.events;
  return {parse_event_name(can_count_cycles() ? "cycles" : "cpu-clock").value()};
}

std::expected<void, RecordError> Recording::start_child() {
  if (options_.command.empty()) {
    if (options_.scope == Scope::kProgram) return std::unexpected(failed({.what = "no command"}));
    return {};
  }
  auto child = ChildProcess::fork_waiting({.command = options_.command,
                                           .user = options_.user,
                                           .signal_mask = signals_.original_mask(),
                                           .ignore_sigchld = signals_.sigchld_was_ignored()});
  if (!child) return std::unexpected(child.error());
  child_.emplace(*std::move(child));
  return {};
}

/// Of several events, those that would need kernel mode are left out where that is refused.
std::expected<OpenedEvents, OpenError> Recording::open_permitted(std::vector<NamedEvent>& named) {
  std::vector<std::string> left_out;
  for (;;) {
    std::vector<std::string> notes;
    auto opened = open_events(options_, named, *target_, notes);
    if (opened || !opened.error().refused || named.size() == 1 ||
        !is_kernel_refused(named[opened.error().event])) {
      for (const auto& lines : {left_out, notes})
        run_info().notes.insert(run_info().notes.end(), lines.begin(), lines.end());
      return opened;
    }
    const auto row = static_cast<std::ptrdiff_t>(opened.error().event);
    const int why = opened.error().error.system_error;
    left_out.push_back("left out: " +
                       explain_kernel_refusal(named[opened.error().event], why).message());
    named.erase(named.begin() + row);
    run_info().events.erase(run_info().events.begin() + row);
  }
}

std::expected<void, RecordError> Recording::start_sampling(std::vector<NamedEvent> named) {
  if (observer_ != nullptr) observer_->prepare(options_, *target_);
  auto opened = open_permitted(named);
  if (opened) {
    for (std::size_t row = 0; row < named.size(); ++row) {
      set_rate(run_info().events[row], opened->events.sample_attrs()[row]);
    }
    run_info().coverage = opened->coverage;
    run_info().kernel_sampled = opened->events.kernel_sampled();
    if (observer_ != nullptr) {
      observer_->open(opened->events.sample_rings(), &opened->events.sample_attr());
    }
    sampling_ =
        std::make_unique<Sampling>(*std::move(opened), options_, *target_, pipeline_, observer_);
    log_events();
    return {};
  }
  const OpenError& error = opened.error();
  const NamedEvent& event = named[error.event];
  if (!error.refused)
    return std::unexpected(failed(explain_failure(event, named.size(), error.error)));

  const int why = error.error.system_error;
  Error refusal = !may_open_any_event() ? explain_refusal(why)
                  : is_kernel_refused(event)
                      ? explain_kernel_refusal(event, why)
                      : explain_target_refusal(target_->is_system_wide(), why);
  if (!child_) return std::unexpected(failed(std::move(refusal)));
  if (observer_ != nullptr) observer_->open({}, nullptr);
  run_info().kernel_sampled = false;
  run_info().notes.push_back("no samples: " + refusal.message());
  return {};
}

void Recording::log_events() {
  EventSet& events = sampling_->events();
  const bool per_cpu = sampling_->coverage() == Coverage::kPerCpu;
  constexpr std::size_t kNamed = 8;
  std::string line;
  for (const EventInfo& event : run_info().events | std::views::take(kNamed)) {
    line += event.name + (event.frequency_hz != 0
                              ? " at " + std::to_string(event.frequency_hz) + " Hz, "
                              : " with period " + std::to_string(event.period) + ", ");
  }
  if (run_info().events.size() > kNamed)
    line += std::to_string(run_info().events.size() - kNamed) + " more, ";
  log(line + std::to_string(events.sample_events().size()) + " sampling events " +
      (per_cpu ? "for whole CPUs" : "that follow the target's forks"));
  log("rings: " + std::to_string(events.sizes().sample_bytes >> 10) + " KiB of samples and " +
      std::to_string(events.sizes().side_bytes >> 10) + " KiB of side records for each CPU; " +
      std::to_string(events.sample_attr().sample_stack_user) + " bytes of stack");
}

std::expected<void, RecordError> Recording::let_go() {
  if (observer_ != nullptr) observer_->start();
  if (sampling_) sampling_->enable();
  began_ns_ = monotonic_ns();
  next_progress_ns_ = began_ns_ + kProgressNs;
  next_look_ns_ = began_ns_ + kLookNs;
  if (!child_) return {};
  return child_->start();
}

std::expected<void, RecordError> Recording::run() {
  if (options_.frequency_hz == 0) {
    return std::unexpected(failed({.what = "a frequency of 0 Hz samples nothing"}));
  }
  std::vector<NamedEvent> events = choose_events();
  describe_run(run_info(), options_, events);
  if (auto started = start_child(); !started) return started;
  auto target = Target::find(options_, child_ ? std::optional<Pid>(child_->pid()) : std::nullopt);
  if (!target) return std::unexpected(failed(target.error()));
  target_ = *std::move(target);
  if (auto started = start_sampling(std::move(events)); !started) return started;
  if (auto gone = let_go(); !gone) return gone;

  wait_for_end();
  stop_sampling();
  fill_in_end();
  return {};
}

void Recording::wait_for_end() {
  for (;;) {
    std::array<pollfd, 2> polled = {
        pollfd{.fd = signals_.fd(), .events = POLLIN, .revents = 0},
        pollfd{.fd = sampling_ && stopped_ns_ == 0 ? sampling_->wake_fd() : -1,
               .events = POLLIN,
               .revents = 0}};
    ::poll(polled.data(), polled.size(), poll_timeout_ms(monotonic_ns()));
    while (const auto info = signals_.next()) on_signal(*info);

    if (polled[1].revents != 0) {
      if (const auto news = sampling_->on_wake()) log(*news);
    }

    const std::uint64_t now = monotonic_ns();
    if (child_ && !child_end_) {
      child_end_ = child_->poll_end();
      if (child_end_) child_ended_ns_ = now;
    }
    look(now);
    every_second(now);
    const bool limit = (options_.duration && now - began_ns_ >= static_cast<std::uint64_t>(
                                                                    options_.duration->count())) ||
                       (sampling_ && sampling_->wants_end());
    if (child_end_) return;
    if (limit || end_asked_ || target_->ended()) {
      // A program that we have started is waited for: its exit status is ours.
      if (!child_) return;
      stop_sampling();
    }
  }
}

int Recording::poll_timeout_ms(std::uint64_t now) const {
  std::uint64_t until = now + 3'600'000'000'000;
  if (progress_ || observer_ != nullptr) until = std::min(until, next_progress_ns_);
  if (stopped_ns_ == 0) {
    const bool looks = options_.scope != Scope::kProgram || (sampling_ && sampling_->wants_looks());
    if (looks) until = std::min(until, next_look_ns_);
    if (options_.duration) {
      until = std::min(until, began_ns_ + static_cast<std::uint64_t>(std::max<std::int64_t>(
                                              0, options_.duration->count())));
    }
  }
  if (until <= now) return 0;
  return static_cast<int>((until - now + 999'999) / 1'000'000);
}

void Recording::on_signal(const signalfd_siginfo& info) {
  const int signal = static_cast<int>(info.ssi_signo);
  const auto sender = static_cast<Pid>(info.ssi_pid);
  switch (signal) {
    case SIGCHLD:
    case SIGWINCH:
    case SIGURG:
      return;
    case SIGPIPE:  // Our own failed writes: they are seen where they fail.
      if (sender == ::getpid()) return;
      break;
    case SIGCONT:
      if (child_) child_->send(SIGCONT);
      return;
    default:
      break;
  }
  const bool stops = signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
  if (child_) {
    // From the terminal the child gets it too. What the child has sent it knows.
    if (was_sent(info) && sender != child_->pid()) child_->send(signal);
  } else if (!stops) {
    end_asked_ = true;
  }
  if (stops) suspend();
}

void Recording::suspend() {
  // The shell waits for us to stop, and wakes the whole process group, or us alone: SIGCONT is
  // passed on to the child.
  const bool paused = sampling_ && stopped_ns_ == 0;
  if (paused) sampling_->pause();
  ::kill(::getpid(), SIGSTOP);
  if (paused) sampling_->resume();
}

void Recording::look(std::uint64_t now) {
  if (now < next_look_ns_ || stopped_ns_ != 0) return;
  next_look_ns_ = now + kLookNs;
  if (options_.scope != Scope::kProgram) target_->update();
  if (!sampling_) return;
  if (const auto news = sampling_->look()) log(*news);
}

void Recording::every_second(std::uint64_t now) {
  if (now < next_progress_ns_) return;
  next_progress_ns_ = now + kProgressNs;
  if (observer_ != nullptr && stopped_ns_ == 0) observer_->look();
  if (!progress_) return;
  Progress progress{.elapsed_ns = now - began_ns_};
  if (sampling_) {
    progress.samples = sampling_->samples();
    progress.lost = sampling_->lost();
  }
  progress_(progress);
}

void Recording::stop_sampling() {
  if (stopped_ns_ != 0) return;
  stopped_ns_ = monotonic_ns();
  target_->update();
  if (observer_ != nullptr) observer_->stop();
  Run& run = run_info();
  if (sampling_) {
    const SamplingResult result = sampling_->stop();
    Losses& losses = run.losses;
    losses.samples_lost += result.losses.samples_lost;
    losses.side_records_lost += result.losses.side_records_lost;
    losses.samples_dropped += result.losses.samples_dropped;
    losses.samples_lost_of_others += result.losses.samples_lost_of_others;
    losses.stacks_shortened += result.losses.stacks_shortened;
    losses.malformed_records += result.losses.malformed_records;
    run.stack_enlargement = result.stack_enlargement;
    run.notes.insert(run.notes.end(), result.notes.begin(), result.notes.end());
    run.cost.recording_cpu_ns += result.cpu_ns;
    if (result.losses.switches_lost != 0) pipeline_.lose_switches(result.losses.switches_lost);
    pipeline_.end_waits(stopped_ns_);
    log(std::to_string(pipeline_.sample_count()) + " samples kept, " +
        std::to_string(sampling_->stranger_samples()) + " of other processes left out, " +
        std::to_string(result.late_records) + " records out of order");
  }
}

void Recording::fill_in_end() {
  Run& run = run_info();
  run.duration_ns = stopped_ns_ - began_ns_;
  if (child_end_) {
    run.exit_status = child_end_->status;
    run.exit_signal = child_end_->signal;
  }
  const bool whole_program =
      options_.scope == Scope::kProgram && child_end_ && stopped_ns_ >= child_ended_ns_;
  if (whole_program) {
    run.duration_ns = child_ended_ns_ - began_ns_;
    run.charged = {.source = TimeCharged::Source::kWait4,
                   .real_ns = run.duration_ns,
                   .user_ns = ns_of(child_end_->usage.ru_utime),
                   .sys_ns = ns_of(child_end_->usage.ru_stime)};
  } else if (const auto times = target_->charged()) {
    run.charged = {.source = TimeCharged::Source::kProc,
                   .real_ns = run.duration_ns,
                   .user_ns = times->user_ns,
                   .sys_ns = times->sys_ns};
  } else {
    run.charged.real_ns = run.duration_ns;
  }
  rusage self{};
  if (::getrusage(RUSAGE_SELF, &self) == 0) {
    run.cost.peak_memory_bytes = static_cast<std::uint64_t>(self.ru_maxrss) * 1024;
  }
}

}  // namespace

std::expected<void, RecordError> record(const RecordOptions& options, pipeline::Pipeline& pipeline,
                                        const std::function<void(const Progress&)>& progress,
                                        Observer* observer) {
  return Recording(options, pipeline, progress, observer).run();
}

}  // namespace profiler::record
