#include "cli/run_recording.h"

#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <ctime>
#include <optional>
#include <string_view>
#include <utility>

#include "cli/load_profile.h"
#include "cli/work_line.h"
#include "pipeline/interner.h"
#include "pipeline/kernel_names.h"
#include "pipeline/pipeline.h"
#include "pipeline/time_scale.h"
#include "profile/profile_writer.h"
#include "record/recording.h"
#include "render/printable.h"
#include "symbolizer/elf/debuginfod.h"
#include "symbolizer/kernel/read_kallsyms.h"

namespace profiler::cli {
namespace {

std::uint64_t clock_ns(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(now.tv_nsec);
}

void complain(std::string_view message) {
  std::fprintf(stderr, "profiler: %s\n", render::printable(message).c_str());
}

/// The line that counts along while a long recording runs. Not while a program prints to the same
/// terminal.
class ProgressLine {
 public:
  ProgressLine(const record::RecordOptions& options, Verbosity verbosity)
      : shown_(verbosity != Verbosity::kQuiet && ::isatty(STDERR_FILENO) == 1 &&
               (options.command.empty() || ::isatty(STDOUT_FILENO) == 0)) {}
  ~ProgressLine() {
    if (drawn_) std::fputs("\r\033[K", stderr);
  }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void update(const record::Progress& progress) {
    if (!shown_) return;
    std::fprintf(stderr, "\r\033[Krecording: %llu s, %llu samples, %llu lost  (Ctrl-C ends it)",
                 static_cast<unsigned long long>(progress.elapsed_ns / 1'000'000'000),
                 static_cast<unsigned long long>(progress.samples),
                 static_cast<unsigned long long>(progress.lost));
    std::fflush(stderr);
    drawn_ = true;
  }

 private:
  bool shown_;
  bool drawn_ = false;
};

/// Names and causes. Reading kallsyms costs tens of milliseconds: only for kernel samples.
void name(pipeline::Pipeline& pipeline, const SymbolSources& sources) {
  const std::uint64_t began = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
  std::optional<symbolizer::KernelSymbols> kernel;
  if (pipeline.has_kernel_frames()) {
    const pipeline::KernelIdentity running = pipeline::running_kernel();
    auto symbols = pipeline::kernel_names(running, {.vmlinux = sources.vmlinux,
                                                    .debug_files = debug_file_search(sources),
                                                    .running = running});
    if (symbols) {
      kernel = std::move(*symbols);
    } else {
      pipeline.profile().run.notes.push_back(symbols.error().message());
    }
  }
  pipeline.finish(kernel ? &*kernel : nullptr);
  pipeline.profile().run.cost.naming_cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - began;
}

/// A SyscallCounter, and what is shown of it while it counts.
class LiveCounter {
 public:
  explicit LiveCounter(const Counting& counting)
      : live_(counting.live),
        began_ns_(clock_ns(CLOCK_MONOTONIC)),
        counter_(settings_of(counting)) {}
  LiveCounter(const LiveCounter&) = delete;
  LiveCounter& operator=(const LiveCounter&) = delete;

  [[nodiscard]] record::Observer& observer() { return counter_; }
  void finish(pipeline::Pipeline& pipeline) { counter_.finish(pipeline); }

 private:
  syscalls::CounterSettings settings_of(const Counting& counting) {
    syscalls::CounterSettings settings = counting.settings;
    if (live_) settings.on_second = [this] { show(); };
    return settings;
  }
  void show() const {
    Profile profile;
    pipeline::Interner interner(profile);
    profile.syscalls =
        counter_.account([&](std::string_view text) { return interner.string(text); });
    profile.run.duration_ns = clock_ns(CLOCK_MONOTONIC) - began_ns_;
    live_(profile);
  }

  std::function<void(const Profile&)> live_;
  std::uint64_t began_ns_;
  syscalls::SyscallCounter counter_;
};

/// What a file that could not be finished does not hold: how the recording ended.
void add_end(Run& run, const Run& ended) {
  run.exit_status = ended.exit_status;
  run.exit_signal = ended.exit_signal;
  run.duration_ns = ended.duration_ns;
  run.charged = ended.charged;
  run.losses = ended.losses;
  run.cost = ended.cost;
}

}  // namespace

std::expected<Recorded, int> run_recording(record::RecordOptions options, const std::string& path,
                                           Verbosity verbosity, const SymbolSources& sources,
                                           const Counting* counting) {
  std::optional<profile::ProfileWriter> writer;
  if (!path.empty()) {
    auto created = profile::ProfileWriter::create(path);
    if (!created) {
      complain(created.error().message());
      return std::unexpected(125);
    }
    writer.emplace(*std::move(created));
    options.file_bytes = [&writer] { return writer->bytes_written(); };
  }
  std::optional<pipeline::Pipeline> pipeline;
  pipeline.emplace(pipeline::PipelineOptions{.start_monotonic_ns = clock_ns(CLOCK_MONOTONIC),
                                             .all_processes = options.scope == Scope::kSystem ||
                                                              options.scope == Scope::kCpus ||
                                                              options.scope == Scope::kCgroup,
                                             .debug_files = debug_file_search(sources)},
                   writer ? &*writer : nullptr);
  // Before names are looked up: should this be cut off, a later run knows whose they are.
  pipeline->set_kernel(pipeline::running_kernel().build_id, symbolizer::running_kernel_text());
  if (verbosity == Verbosity::kVerbose) options.log = complain;
  std::optional<LiveCounter> counter;
  if (counting != nullptr) {
    options.raw_data = options.raw_data || counting->settings.callers;
    counter.emplace(*counting);
  }
  std::expected<void, record::RecordError> ended;
  {
    ProgressLine line(options, verbosity);
    ended = record::record(
        options, *pipeline, [&](const record::Progress& progress) { line.update(progress); },
        counter ? &counter->observer() : nullptr);
  }
  if (!ended) {
    complain(ended.error().error.message());
    switch (ended.error().failure) {
      case record::StartFailure::kNotFound:
        return std::unexpected(127);
      case record::StartFailure::kNotExecutable:
        return std::unexpected(126);
      default:
        return std::unexpected(125);
    }
  }
  if (pipeline->write_error()) complain(pipeline->write_error()->message());
  if (counter) counter->finish(*pipeline);
  std::optional<WorkLine> working;
  // Debug files that come from servers have a line of their own.
  working.emplace("looking up names",
                  verbosity != Verbosity::kQuiet && !symbolizer::Debuginfod::has_servers());
  name(*pipeline, sources);

  Recorded recorded{.profile = {}, .path = path};
  Result<void> written;
  if (writer) {
    written = writer->finish(pipeline->profile());
    recorded.bytes = writer->bytes_written();
  }
  working.reset();
  recorded.finished = written.has_value();
  if (!written) {
    if (!pipeline->write_error()) complain(written.error().message());
    recorded.path = path + ".part";
  }
  const bool in_memory = !writer || pipeline->sample_count() == pipeline->profile().samples.size();
  if (in_memory) {
    recorded.profile = std::move(pipeline->profile());
    pipeline::apply_time_scale(recorded.profile);
  } else if (Result<Profile> profile = load_profile(recorded.path)) {
    recorded.profile = std::move(*profile);
    if (!recorded.finished) add_end(recorded.profile.run, pipeline->profile().run);
  } else {
    complain(profile.error().message());
    recorded.profile = std::move(pipeline->profile());
  }
  return recorded;
}

int leave_as(const Run& run) {
  if (run.exit_signal != 0) {
    // As if the program had been run without us; the core, if any, is the program's own.
    ::prctl(PR_SET_DUMPABLE, 0);
    ::signal(run.exit_signal, SIG_DFL);
    sigset_t only;
    sigemptyset(&only);
    sigaddset(&only, run.exit_signal);
    ::sigprocmask(SIG_UNBLOCK, &only, nullptr);
    ::raise(run.exit_signal);
    return 128 + run.exit_signal;
  }
  return run.exit_status.value_or(0);
}

}  // namespace profiler::cli
