// Long because all kinds of events meet here, each with a few lines of its own.
#include "pipeline/pipeline.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

#include "pipeline/causes.h"
#include "pipeline/generated_code.h"
#include "pipeline/interner.h"
#include "pipeline/module_files.h"
#include "pipeline/naming.h"
#include "pipeline/new_kernel_code.h"
#include "pipeline/sample_stack.h"
#include "pipeline/sample_thinning.h"
#include "pipeline/thread_rows.h"
#include "pipeline/time_scale.h"
#include "pipeline/wait_log.h"
#include "process/process_table.h"
#include "unwind/unwinder.h"

namespace profiler::pipeline {
namespace {

/// Written at least this often, so that a recorder that is killed leaves its last seconds.
constexpr std::uint64_t kWriteIntervalNs = 5'000'000'000;

/// In place of a sample's number (StackHistory::Origin).
constexpr std::uint64_t kNoSample = std::numeric_limits<std::uint64_t>::max();

std::optional<Mode> mode_of(CpuMode mode) {
  switch (mode) {
    case CpuMode::kUser:
      return Mode::kUser;
    case CpuMode::kKernel:
    case CpuMode::kHypervisor:
    case CpuMode::kUnknown:
      return Mode::kSys;
    case CpuMode::kGuestKernel:
    case CpuMode::kGuestUser:
      break;  // Another machine's time.
  }
  return std::nullopt;
}

}  // namespace

struct Pipeline::State {
  State(PipelineOptions pipeline_options, profile::ProfileWriter* profile_writer)
      : options(std::move(pipeline_options)), writer(profile_writer) {
    profile.run.start_monotonic_ns = options.start_monotonic_ns;
  }

  void on(const SampleEvent& sample);
  std::optional<StackIndex> user_stack(SampleEvent event);
  void on(const MmapEvent& event);
  void on(const CommEvent& event);
  void on(const ForkEvent& event);
  void on(const ExitEvent& event);
  void on(const LostEvent& event);
  void on(const KsymbolEvent& event) { new_kernel_code.on(event); }
  void on(const ThrottleEvent& event) {
    if (event.throttled) ++profile.run.losses.throttles;
  }
  void on(const SwitchEvent& event);
  void on(const UnknownEvent&) { ++profile.run.losses.unknown_records; }

  [[nodiscard]] bool wants(const process::ProcessState& process, Tid tid) const {
    return options.all_processes || process.target || target_threads.contains(tid);
  }
  void make_target(process::ProcessState& process);
  /// Of a thread that leaves its CPU.
  void on_wait_stack(const SampleEvent& sample, EventRole role);
  /// Of whoever wakes one.
  void on_waker(SampleEvent sample);
  StackIndex intern_other(const SampleEvent& event, Mode mode,
                          const process::ProcessState& process);
  /// That a thread of the target exists, and what it does.
  void begin_thread(process::ProcessState& process, const EventContext& when, Tid tid,
                    sched::ThreadState state);
  /// Unless it has been written: then it stays as it was.
  void complete(const LateStack& late);
  void write_when_due(std::uint64_t time_ns);

  PipelineOptions options;
  profile::ProfileWriter* writer;
  std::optional<Error> write_error;
  Profile profile;
  Interner interner{profile};
  ThreadRows thread_rows{profile, interner};
  ModuleFiles modules{profile, interner, options.open_module};
  unwind::Unwinder unwinder;
  GeneratedCode generated{profile, interner, modules, options.generated_code};
  SampleStack sample_stack{unwinder, modules, generated, interner, options.generated_code.live};
  process::ProcessTable processes;
  WaitLog wait_log{profile};
  bool records_waits = false;
  std::unordered_set<Pid> targets_at_exec;
  std::unordered_set<Tid> target_threads;
  EventRoles events;
  std::vector<bool> module_added;  ///< To the unwinder, by row of Profile::modules.
  NewKernelCode new_kernel_code;
  std::uint64_t samples = 0;
  std::uint64_t thinned_until = 0;  ///< Of sample numbers: those before may be gone.
  SampleThinning thinning;
  StackIndex last_stack;
  std::vector<EventTotal> event_totals;  ///< By row of Run::events.
  std::uint64_t last_write_ns = 0;
};

void Pipeline::State::make_target(process::ProcessState& process) {
  if (process.target) return;
  process.target = true;
  ++profile.run.losses.processes_seen;
}

void Pipeline::State::on(const SampleEvent& sample) {
  const EventContext& context = sample.context;
  const std::uint16_t event_row = events.row_of(context.id);
  const EventRole role = events.role_of(event_row);
  if (role == EventRole::kBpfWaker) return on_waker(sample);
  process::ProcessState& process = processes.process(context.pid);
  if (!wants(process, context.tid)) return;
  const std::optional<Mode> mode = mode_of(sample.mode);
  if (!mode) return;
  if (role != EventRole::kSample) return on_wait_stack(sample, role);
  process.sampled = true;
  wait_log.ran(context.tid);
  Sample row;
  row.time_ns = std::max(context.time_ns, options.start_monotonic_ns) - options.start_monotonic_ns;
  row.weight = events.weight_of(event_row, sample.period);
  process::ThreadState& thread = processes.thread(context.pid, context.tid);
  row.thread = thread_rows.of(process, thread);
  thread.sampled = true;
  row.stack = sample_stack.intern(
      sample, *mode, process,
      {.thread = {context.tid, process.incarnation, process.execs}, .sample = samples});
  for (const LateStack& late : sample_stack.late_stacks()) complete(late);
  row.cpu = static_cast<std::uint16_t>(context.cpu);
  row.mode = *mode;
  row.event = event_row;
  profile.samples.push_back(row);
  ++samples;
  last_stack = row.stack;
  if (row.event >= event_totals.size()) event_totals.resize(row.event + std::size_t{1});
  event_totals[row.event].weight += row.weight;
  ++event_totals[row.event].samples;
  write_when_due(row.time_ns);
}

std::optional<StackIndex> Pipeline::State::user_stack(SampleEvent event) {
  const process::ProcessState& process = processes.process(event.context.pid);
  if (!wants(process, event.context.tid)) return std::nullopt;
  event.callchain = {};
  return intern_other(event, Mode::kUser, process);
}

StackIndex Pipeline::State::intern_other(const SampleEvent& event, Mode mode,
                                         const process::ProcessState& process) {
  const StackIndex stack = sample_stack.intern(
      event, mode, process,
      {.thread = {event.context.tid, process.incarnation, process.execs}, .sample = kNoSample});
  for (const LateStack& late : sample_stack.late_stacks()) complete(late);
  return stack;
}

void Pipeline::State::on_wait_stack(const SampleEvent& sample, EventRole role) {
  const Tid tid = sample.context.tid;
  if (!wait_log.knows(tid)) return;
  const process::ProcessState& process = processes.process(sample.context.pid);
  SampleEvent left = sample;
  if (role == EventRole::kBpfWaitStack)
    left.callchain = sample_stack.without_innermost(sample.callchain);
  wait_log.sampled_at(tid, intern_other(left, Mode::kSys, process));
}

void Pipeline::State::on_waker(SampleEvent sample) {
  std::uint32_t woken = 0;
  if (sample.raw.size() < sizeof woken) return;
  std::memcpy(&woken, sample.raw.data(), sizeof woken);
  const auto tid = static_cast<Tid>(woken);
  if (!wait_log.knows(tid)) return;
  const process::ProcessState& process = processes.process(sample.context.pid);
  if (!wants(process, sample.context.tid)) {  // What it has mapped is not known.
    sample.user_registers = {};
    sample.user_stack = {};
  }
  sample.callchain = sample_stack.without_innermost(sample.callchain);
  wait_log.woken_by(tid, intern_other(sample, Mode::kSys, process));
}

void Pipeline::State::on(const SwitchEvent& event) {
  const EventContext& context = event.context;
  // The idle task; one that is dead.
  if (!records_waits || context.tid <= 0) return;
  process::ProcessState* process = processes.find(context.pid);
  if (process == nullptr ? !options.all_processes : !wants(*process, context.tid)) return;
  if (process == nullptr) process = &processes.process(context.pid);
  process::ThreadState& thread = processes.thread(context.pid, context.tid);
  if (thread.exited && !wait_log.knows(context.tid)) return;
  wait_log.on_switch(context.tid, thread_rows.of(*process, thread), event);
  if (profile.waits.size() >= options.samples_per_chunk) {
    write_when_due(std::max(context.time_ns, options.start_monotonic_ns) -
                   options.start_monotonic_ns);
  }
}

void Pipeline::State::begin_thread(process::ProcessState& process, const EventContext& when,
                                   Tid tid, sched::ThreadState state) {
  if (!records_waits) return;
  // What was made up from /proc, for what was there before, has no event's id.
  if (when.id == 0) state = sched::ThreadState::kUnknown;
  const ThreadIndex row = thread_rows.of(process, processes.thread(process.pid, tid));
  wait_log.begin(tid, row, when.time_ns, state);
}

void Pipeline::State::complete(const LateStack& late) {
  const std::uint64_t written = samples - profile.samples.size();
  if (late.sample < std::max(written, thinned_until) || late.sample == kNoSample) return;
  Sample& sample = profile.samples[static_cast<std::size_t>(late.sample - written)];
  Stack stack = profile.stacks[sample.stack];
  stack.user = late.user;
  stack.end = StackEnd::kJoined;
  stack.joined_frames = late.joined_frames;
  sample.stack = interner.stack(stack);
}

void Pipeline::State::on(const MmapEvent& event) {
  if (!event.executable) return;
  process::ProcessState& process = processes.process(event.pid);
  // Strangers' files are not opened; a thread target's process is not known to be one.
  if (!wants(process, event.tid) && target_threads.empty()) return;
  if (generated.on_mapped(process, event)) return;
  const ModuleFiles::Place place = modules.resolve(event);
  module_added.resize(std::max(module_added.size(), profile.modules.size()));
  if (!module_added[place.module.row()]) {
    module_added[place.module.row()] = true;
    if (auto file = modules.file(place.module)) unwinder.add_module(place.module, std::move(file));
  }
  process.space.map({.start = event.start,
                     .end = event.start + event.length,
                     .module = place.module,
                     .bias = place.bias});
}

void Pipeline::State::on(const CommEvent& event) {
  if (event.exec) {
    // Its other threads are gone, and the one that is left has got the process's number.
    if (const process::ProcessState* before = processes.find(event.pid)) {
      for (const auto& [tid, thread] : before->threads) wait_log.end(tid, event.context.time_ns);
    }
  }
  process::ProcessState& process = thread_rows.apply(event, processes);
  if (event.exec && targets_at_exec.erase(event.pid) != 0) make_target(process);
  if (event.exec) process.sampled = false;
  if (wants(process, event.tid))
    begin_thread(process, event.context, event.tid, sched::ThreadState::kOnCpu);
}

void Pipeline::State::on(const ForkEvent& event) {
  process::ProcessState& process = processes.apply(event);
  if (process.target && event.pid != event.parent_pid) ++profile.run.losses.processes_seen;
  if (wants(process, event.tid))
    begin_thread(process, event.context, event.tid, sched::ThreadState::kRunnable);
}

void Pipeline::State::on(const ExitEvent& event) {
  wait_log.on_exit(event.tid, event.context.time_ns);
  const process::ProcessState& process = processes.apply(event);
  if (process.live_threads() != 0) return;
  generated.on_exit(process);
  if (process.target && !process.sampled) ++profile.run.losses.processes_unsampled;
}

void Pipeline::State::on(const LostEvent& event) {
  (event.samples_only ? profile.run.losses.samples_lost : profile.run.losses.side_records_lost) +=
      event.lost;
}

void Pipeline::State::write_when_due(std::uint64_t time_ns) {
  if (writer == nullptr && profile.samples.size() >= options.samples_in_memory) {
    thinning.halve(profile.samples);
    thinned_until = samples;
  }
  if (writer == nullptr && profile.waits.size() >= options.samples_in_memory) wait_log.condense();
  if (writer == nullptr || write_error) return;
  if (std::max(profile.samples.size(), profile.waits.size()) < options.samples_per_chunk &&
      time_ns < last_write_ns + kWriteIntervalNs)
    return;
  last_write_ns = time_ns;
  if (Result<void> written = writer->append(profile); !written) {
    write_error = written.error();
    return;
  }
  thread_rows.on_written();
  profile.samples.clear();
  profile.waits.clear();
}

Pipeline::Pipeline(const PipelineOptions& options, profile::ProfileWriter* writer)
    : state_(std::make_unique<State>(options, writer)) {}
Pipeline::~Pipeline() = default;

void Pipeline::add_target(Pid pid, TargetStart start) {
  if (start == TargetStart::kAtExec) {
    state_->targets_at_exec.insert(pid);
  } else {
    state_->make_target(state_->processes.process(pid));
  }
}

void Pipeline::add_target_thread(Tid tid) { state_->target_threads.insert(tid); }

void Pipeline::set_event_id(std::uint64_t id, std::uint16_t event_row) {
  state_->events.set_row(id, event_row);
}

void Pipeline::set_event_weight(std::uint16_t event_row, std::uint64_t weight) {
  state_->events.set_weight(event_row, weight);
}

void Pipeline::set_event_role(std::uint16_t event_row, EventRole role) {
  state_->events.set_role(event_row, role);
}

void Pipeline::record_waits() { state_->records_waits = true; }

void Pipeline::lose_switches(std::uint64_t lost) {
  state_->profile.run.losses.switches_lost += lost;
  state_->wait_log.lose();
}

void Pipeline::end_waits(std::uint64_t monotonic_ns) { state_->wait_log.finish(monotonic_ns); }

void Pipeline::set_start(std::uint64_t monotonic_ns) {
  state_->options.start_monotonic_ns = monotonic_ns;
  state_->profile.run.start_monotonic_ns = monotonic_ns;
}

void Pipeline::set_kernel(const BuildId& build_id, std::uint64_t text) {
  state_->modules.set_kernel_build_id(build_id);
  state_->profile.run.kernel_text = text;
}

void Pipeline::handle(const Event& event) {
  std::visit([this](const auto& value) { state_->on(value); }, event);
}

std::optional<StackIndex> Pipeline::user_stack(SampleEvent event) {
  return state_->user_stack(event);
}

bool Pipeline::is_target(Pid pid) const {
  const process::ProcessState* process = state_->processes.find(pid);
  return process != nullptr && process->target;
}

std::uint64_t Pipeline::sample_count() const { return state_->samples; }

StackEnd Pipeline::last_stack_end() const { return state_->profile.stacks[state_->last_stack].end; }

const std::optional<Error>& Pipeline::write_error() const { return state_->write_error; }

StringIndex Pipeline::string(std::string_view text) { return state_->interner.string(text); }

Profile& Pipeline::profile() { return state_->profile; }

bool Pipeline::has_kernel_frames() const {
  return std::ranges::any_of(state_->profile.modules, [](const Module& module) {
    return module.kind == ModuleKind::kKernel;
  });
}

void Pipeline::finish(symbolizer::KernelSymbols* kernel) {
  if (kernel != nullptr) state_->new_kernel_code.add_to(*kernel);
  state_->modules.open_missing(state_->options.debug_files);
  resolve_names(state_->profile, state_->interner, state_->modules, &state_->generated, kernel,
                state_->options.debug_files);
  resolve_causes(state_->profile, state_->interner, state_->modules);
  set_time_scale(state_->profile.run, state_->event_totals);
}

}  // namespace profiler::pipeline
