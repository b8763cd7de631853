// Whole recordings on the real kernel, of small shell programs. Skipped where perf_event_open is
// refused; always with cpu-clock, which exists everywhere.
#include "record/recording.h"

#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <array>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <ctime>
#include <filesystem>
#include <optional>
#include <thread>
#include <vector>

#include "record/cgroup.h"
#include "record/permission.h"
#include "record/proc_file.h"
#include "record/proc_stat.h"
#include "record/process_filter.h"
#include "test_process.h"

namespace profiler::record {
namespace {

using std::chrono::milliseconds;
using ::testing::Contains;
using ::testing::HasSubstr;

constexpr const char* kSpin = "i=0; while [ $i -lt 400000 ]; do i=$((i+1)); done";

RecordOptions shell(const std::string& script) {
  RecordOptions options;
  options.command = {"sh", "-c", script};
  options.events = {*parse_event_name("cpu-clock")};
  return options;
}

struct Recorded {
  std::expected<void, RecordError> result;
  Run run;
  std::uint64_t samples = 0;
  std::uint64_t weight = 0;
  std::size_t processes = 0;
};

Recorded run_recording(const RecordOptions& options,
                       const std::function<void(const Progress&)>& progress = {}) {
  const bool all = options.scope == Scope::kSystem || options.scope == Scope::kCpus ||
                   options.scope == Scope::kCgroup;
  pipeline::Pipeline pipeline({.start_monotonic_ns = 0, .all_processes = all}, nullptr);
  Recorded recorded{.result = record(options, pipeline, progress), .run = {}};
  recorded.run = pipeline.profile().run;
  recorded.samples = pipeline.sample_count();
  recorded.processes = pipeline.profile().processes.size();
  for (const Sample& sample : pipeline.profile().samples) recorded.weight += sample.weight;
  return recorded;
}

#define SKIP_WITHOUT_EVENTS() \
  if (!may_open_any_event()) GTEST_SKIP() << "perf_event_open is not permitted here"
#define SKIP_WITHOUT_PER_CPU_EVENTS()                                                          \
  SKIP_WITHOUT_EVENTS();                                                                       \
  if (::geteuid() != 0 && read_number("/proc/sys/kernel/perf_event_paranoid").value_or(2) > 0) \
  GTEST_SKIP() << "events for whole CPUs are not permitted here"

void install_refusal_of_perf_events() {
  // BPF_STMT and BPF_JUMP are the kernel's macros for this.
  std::array filter = {
      sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_perf_event_open, 0, 1),
      sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{.len = filter.size(), .filter = filter.data()};
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

void become_nobody() {
  constexpr uid_t kNobody = 65534;
  if (::setgroups(0, nullptr) != 0 || ::setgid(kNobody) != 0 || ::setuid(kNobody) != 0) ::_exit(99);
  // As a process that was nobody from its start on.
  ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

TEST(Recording, HasTheProgramsExitStatus) {
  const Recorded recorded = run_recording(shell("exit 7"));
  ASSERT_TRUE(recorded.result) << recorded.result.error().error.message();
  EXPECT_EQ(recorded.run.exit_status, 7);
  EXPECT_EQ(recorded.run.exit_signal, 0);
}

TEST(Recording, HasTheSignalThatKilledTheProgram) {
  const Recorded recorded = run_recording(shell("kill -KILL $$"));
  ASSERT_TRUE(recorded.result);
  EXPECT_EQ(recorded.run.exit_status, 128 + SIGKILL);
  EXPECT_EQ(recorded.run.exit_signal, SIGKILL);
}

TEST(Recording, FailsBeforeTheStartOfWhatCannotRun) {
  RecordOptions options = shell("");
  options.command = {"profiler-no-such-command"};
  EXPECT_EQ(run_recording(options).result.error().failure, StartFailure::kNotFound);
  options.command = {"/"};
  EXPECT_EQ(run_recording(options).result.error().failure, StartFailure::kNotExecutable);
  options.command = {};
  EXPECT_EQ(run_recording(options).result.error().failure, StartFailure::kProfiler);
  options.command = {"true"};
  options.scope = Scope::kCpus;
  options.cpus = {60000};
  EXPECT_EQ(run_recording(options).result.error().error.message(), "CPU 60000 is not online");
}

TEST(Recording, DescribesTheRun) {
  const Recorded recorded = run_recording(shell("true"));
  ASSERT_TRUE(recorded.result);
  const auto& run = recorded.run;
  EXPECT_THAT(run.command, ::testing::ElementsAre("sh", "-c", "true"));
  EXPECT_FALSE(run.host.empty());
  EXPECT_FALSE(run.kernel_release.empty());
  EXPECT_EQ(run.cpus, online_cpus().size());
  EXPECT_GT(run.start_unix_ns, 0U);
  EXPECT_GT(run.start_monotonic_ns, 0U);
  EXPECT_GT(run.duration_ns, 0U);
  EXPECT_GT(run.cost.peak_memory_bytes, 0U);
  ASSERT_EQ(run.events.size(), 1U);
  EXPECT_EQ(run.events[0].name, "cpu-clock");
  EXPECT_EQ(run.events[0].unit, "ns");
  EXPECT_EQ(run.events[0].frequency_hz, 999U);
  EXPECT_EQ(run.charged.source, TimeCharged::Source::kWait4);
  EXPECT_EQ(run.charged.real_ns, run.duration_ns);
}

void expect_all_time_sampled(const Recorded& recorded) {
  ASSERT_TRUE(recorded.result) << recorded.result.error().error.message();
  const auto& run = recorded.run;
  ASSERT_GE(recorded.samples, 2000U);
  const auto charged = static_cast<double>(*run.charged.user_ns + *run.charged.sys_ns);
  const auto lost = static_cast<double>(run.losses.samples_lost + run.losses.samples_dropped);
  const double period =
      static_cast<double>(recorded.weight) / static_cast<double>(recorded.samples);
  const auto sampled = static_cast<double>(recorded.weight);
  // Four standard deviations of a count, and 5 % for exec, exit and time stolen by a busy host.
  const double bound =
      4 * std::sqrt(static_cast<double>(recorded.samples)) * period + 0.05 * charged;
  EXPECT_LT(sampled, charged + bound);
  // Where whole CPUs are sampled, nobody knows whose samples were lost.
  EXPECT_GT(sampled + lost * period, charged - bound);
}

TEST(Recording, SamplesTheWholeTimeOfAProgramPerCpu) {
  SKIP_WITHOUT_PER_CPU_EVENTS();
  RecordOptions options = shell("for n in 1 2 3; do " + std::string(kSpin) + "; done");
  options.frequency_hz = 4000;
  options.coverage = Coverage::kPerCpu;
  const Recorded recorded = run_recording(options);
  EXPECT_EQ(recorded.run.coverage, Coverage::kPerCpu);
  expect_all_time_sampled(recorded);
  EXPECT_GT(recorded.run.cost.recording_cpu_ns, 0U);
}

TEST(Recording, SamplesTheWholeTimeOfAProgramInherited) {
  SKIP_WITHOUT_EVENTS();
  RecordOptions options = shell("(" + std::string(kSpin) + ") & " + kSpin + "; wait; " + kSpin);
  options.frequency_hz = 4000;
  options.coverage = Coverage::kInherited;
  const Recorded recorded = run_recording(options);
  EXPECT_EQ(recorded.run.coverage, Coverage::kInherited);
  expect_all_time_sampled(recorded);
  EXPECT_EQ(recorded.processes, 2U);
}

TEST(Recording, SamplesProcessesShorterThanAPeriodPerCpu) {
  SKIP_WITHOUT_PER_CPU_EVENTS();
  RecordOptions options = shell("i=0; while [ $i -lt 300 ]; do /bin/true; i=$((i+1)); done");
  options.frequency_hz = 2000;
  options.coverage = Coverage::kPerCpu;
  const Recorded recorded = run_recording(options);
  ASSERT_TRUE(recorded.result);
  EXPECT_GE(recorded.run.losses.processes_seen, 300U);
  EXPECT_GT(recorded.processes, 20U);
}

TEST(Recording, CountsProcessesThatEndUnsampledWhenInherited) {
  SKIP_WITHOUT_EVENTS();
  RecordOptions options = shell("i=0; while [ $i -lt 50 ]; do /bin/true; i=$((i+1)); done");
  options.coverage = Coverage::kInherited;
  options.frequency_hz = 49;
  const Recorded recorded = run_recording(options);
  ASSERT_TRUE(recorded.result);
  EXPECT_GE(recorded.run.losses.processes_seen, 50U);
  EXPECT_GT(recorded.run.losses.processes_unsampled, 25U);
}

TEST(Recording, LeavesOtherProcessesOut) {
  SKIP_WITHOUT_PER_CPU_EVENTS();
  const pid_t stranger = start_process([] {
    for (;;) {
    }
    return 0;
  });
  RecordOptions options = shell(kSpin);
  options.coverage = Coverage::kPerCpu;
  const Recorded recorded = run_recording(options);
  ::kill(stranger, SIGKILL);
  wait_for(stranger);
  ASSERT_TRUE(recorded.result);
  EXPECT_GT(recorded.samples, 0U);
  EXPECT_EQ(recorded.processes, 1U);
}

TEST(Recording, LosesNobodyOfTheTargetToTheFilterInTheKernel) {
  SKIP_WITHOUT_PER_CPU_EVENTS();
  if (const auto filter = ProcessFilter::load(); !filter) GTEST_SKIP() << filter.error().message();
  // Strangers on every CPU, so that the filter pays; a target that forks all the while.
  std::vector<pid_t> strangers;
  for (std::size_t i = 0; i < online_cpus().size(); ++i) {
    strangers.push_back(start_process([] {
      for (;;) {
      }
      return 0;
    }));
  }
  RecordOptions options = shell(
      "n=0; while [ ! -e $0.go ]; do (i=0; while [ $i -lt 3000 ]; do i=$((i+1)); done); done; "
      "n=0; while [ $n -lt 150 ]; do (i=0; while [ $i -lt 3000 ]; do i=$((i+1)); done); "
      "n=$((n+1)); done");
  const TemporaryFile file;
  options.command.push_back(file.path());
  const std::string go = file.path() + ".go";
  options.frequency_hz = 4000;
  options.coverage = Coverage::kPerCpu;
  bool filtered = false;
  options.duration = std::chrono::seconds(20);  // Should it never be put on.
  options.log = [&](std::string_view line) {
    if (line.find("by BPF") == std::string_view::npos) return;
    filtered = true;
    std::fclose(std::fopen(go.c_str(), "w"));
  };
  const Recorded recorded = run_recording(options);
  ::unlink(go.c_str());
  for (const pid_t stranger : strangers) {
    ::kill(stranger, SIGKILL);
    wait_for(stranger);
  }
  EXPECT_TRUE(filtered);
  expect_all_time_sampled(recorded);
}

void spin_a_while() {
  for (int i = 0; i < 1'000'000; ++i) asm volatile("");
}

/// Below 1,000 bytes of stack for each level: until the file is there, and two seconds of CPU time
/// more.
__attribute__((noinline)) int spin_deep(int levels, const std::string& file) {
  std::array<volatile char, 1000> frame;
  frame[0] = static_cast<char>(levels);
  if (levels > 1) return spin_deep(levels - 1, file) + frame[0];
  while (::access(file.c_str(), F_OK) != 0) spin_a_while();
  const std::clock_t end = std::clock() + 2 * CLOCKS_PER_SEC;
  while (std::clock() < end) spin_a_while();
  return frame[0];
}

TEST(Recording, FiltersStrangersInTheKernelFromLargerStackCopiesToo) {
  SKIP_WITHOUT_PER_CPU_EVENTS();
  if (const auto filter = ProcessFilter::load(); !filter) GTEST_SKIP() << filter.error().message();
  std::vector<pid_t> strangers;
  for (std::size_t i = 0; i < online_cpus().size(); ++i) {
    strangers.push_back(start_process([] {
      for (;;) {
      }
      return 0;
    }));
  }
  const TemporaryFile file;
  const std::string go = file.path() + ".go";
  const pid_t target = start_process([&] {
    spin_deep(45, go);
    return 0;
  });
  RecordOptions options;
  options.scope = Scope::kProcesses;
  options.pids = {target};
  options.events = {*parse_event_name("cpu-clock")};
  options.frequency_hz = 4000;
  options.coverage = Coverage::kPerCpu;
  options.duration = std::chrono::seconds(60);  // Should it never be put on.
  bool larger = false;
  std::optional<std::uint64_t> strangers_before;
  std::uint64_t strangers_in_all = 0;
  options.log = [&](std::string_view line) {
    larger = larger || line.find("stack copies of 65528 bytes") != std::string_view::npos;
    if (const auto at = line.find("by BPF, after "); at != std::string_view::npos) {
      strangers_before = std::stoull(std::string(line.substr(at + 14)));
      std::fclose(std::fopen(go.c_str(), "w"));
    }
    if (const auto at = line.find("samples kept, "); at != std::string_view::npos)
      strangers_in_all = std::stoull(std::string(line.substr(at + 14)));
  };
  const Recorded recorded = run_recording(options);
  ::unlink(go.c_str());
  strangers.push_back(target);
  for (const pid_t pid : strangers) {
    ::kill(pid, SIGKILL);
    wait_for(pid);
  }
  ASSERT_TRUE(recorded.result) << recorded.result.error().error.message();
  EXPECT_TRUE(larger);
  ASSERT_TRUE(strangers_before);
  EXPECT_EQ(recorded.processes, 1U);
  ASSERT_GE(recorded.samples, 2000U);
  // The target ran for two seconds after that, and strangers at least as long on the CPU beside it
  // and on its own: 8,000 samples and more. A few were on their way.
  EXPECT_LT(strangers_in_all, *strangers_before + 4000);
}

TEST(Recording, OfAPidThatDoesNotExistSaysSo) {
  RecordOptions options;
  options.scope = Scope::kProcesses;
  options.events = {*parse_event_name("cpu-clock")};
  options.pids = {0x7ffffffe};
  const Recorded recorded = run_recording(options);
  ASSERT_FALSE(recorded.result);
  EXPECT_EQ(recorded.result.error().failure, StartFailure::kProfiler);
  EXPECT_EQ(recorded.result.error().error.message(), "no process 2147483646");
}

class AttachedRecording : public ::testing::TestWithParam<Coverage> {};

TEST_P(AttachedRecording, SamplesAProcessThatRunsAlready) {
  if (GetParam() == Coverage::kPerCpu) {
    SKIP_WITHOUT_PER_CPU_EVENTS();
  } else {
    SKIP_WITHOUT_EVENTS();
  }
  const pid_t target = start_process([] {
    for (;;) {
    }
    return 0;
  });
  RecordOptions options;
  options.scope = Scope::kProcesses;
  options.pids = {target};
  options.events = {*parse_event_name("cpu-clock")};
  options.coverage = GetParam();
  options.duration = milliseconds(400);
  const Recorded recorded = run_recording(options);
  const auto after = read_proc_stat(target);
  ::kill(target, SIGKILL);
  wait_for(target);
  ASSERT_TRUE(recorded.result) << recorded.result.error().error.message();
  EXPECT_GT(recorded.samples, 10U);
  EXPECT_FALSE(recorded.run.exit_status);
  EXPECT_EQ(recorded.run.charged.source, TimeCharged::Source::kProc);
  EXPECT_GT(*recorded.run.charged.user_ns, 0U);
  ASSERT_TRUE(after);
  EXPECT_EQ(after->state, 'R') << "left running";
}

TEST_P(AttachedRecording, EndsWhenTheProcessEnds) {
  if (GetParam() == Coverage::kPerCpu) {
    SKIP_WITHOUT_PER_CPU_EVENTS();
  } else {
    SKIP_WITHOUT_EVENTS();
  }
  const pid_t target = start_process([] {
    ::usleep(300'000);
    return 0;
  });
  RecordOptions options;
  options.scope = Scope::kProcesses;
  options.pids = {target};
  options.events = {*parse_event_name("cpu-clock")};
  options.coverage = GetParam();
  const Recorded recorded = run_recording(options);  // Or it would not return.
  EXPECT_EQ(wait_for(target), 0);
  EXPECT_TRUE(recorded.result);
}

INSTANTIATE_TEST_SUITE_P(EitherWay, AttachedRecording,
                         ::testing::Values(Coverage::kPerCpu, Coverage::kInherited));

TEST(Recording, OfOneThreadLeavesTheOthersOut) {
  SKIP_WITHOUT_EVENTS();
  std::atomic<bool> end = false;
  std::atomic<Tid> tid = 0;
  const auto spin = [&] {
    while (!end.load(std::memory_order_relaxed)) {
    }
  };
  std::thread other(spin);
  std::thread wanted([&] {
    tid = static_cast<Tid>(::syscall(SYS_gettid));
    tid.notify_all();
    spin();
  });
  tid.wait(0);
  RecordOptions options;
  options.scope = Scope::kThreads;
  options.tids = {tid};
  options.events = {*parse_event_name("cpu-clock")};
  options.duration = milliseconds(300);
  pipeline::Pipeline pipeline({}, nullptr);
  const auto result = record(options, pipeline, {});
  end = true;
  other.join();
  wanted.join();
  ASSERT_TRUE(result) << result.error().error.message();
  EXPECT_GT(pipeline.sample_count(), 10U);
  for (const Thread& thread : pipeline.profile().threads) EXPECT_EQ(thread.tid, tid);
}

TEST(Recording, OfTheWholeSystemEndsWithItsCommand) {
  SKIP_WITHOUT_PER_CPU_EVENTS();
  const pid_t busy = start_process([] {
    for (;;) {
    }
    return 0;
  });
  RecordOptions options = shell("sleep 0.3; exit 3");
  options.scope = Scope::kSystem;
  const Recorded recorded = run_recording(options);
  ::kill(busy, SIGKILL);
  wait_for(busy);
  ASSERT_TRUE(recorded.result) << recorded.result.error().error.message();
  EXPECT_EQ(recorded.run.exit_status, 3);
  EXPECT_GT(recorded.samples, 10U);
  EXPECT_EQ(recorded.run.charged.source, TimeCharged::Source::kProc);
}

TEST(Recording, OfACgroupSamplesItsMembersOnly) {
  SKIP_WITHOUT_PER_CPU_EVENTS();
  const auto mount = perf_cgroup_mount(read_file("/proc/mounts").value_or(""));
  if (!mount) GTEST_SKIP() << "no cgroup hierarchy with perf events is mounted";
  const std::string name = "profiler-test-" + std::to_string(::getpid());
  const std::string directory = *mount + "/" + name;
  if (::mkdir(directory.c_str(), 0755) != 0) GTEST_SKIP() << "cannot make a cgroup";
  const std::string spin_there = "echo $$ > " + directory + "/cgroup.procs; while :; do :; done";
  const pid_t member =
      start_process([&] { return ::execlp("sh", "sh", "-c", spin_there.c_str(), nullptr); });
  RecordOptions options;
  options.scope = Scope::kCgroup;
  options.cgroup = name;
  options.events = {*parse_event_name("cpu-clock")};
  options.duration = milliseconds(400);
  const Recorded recorded = run_recording(options);
  ::kill(member, SIGKILL);
  wait_for(member);
  ::rmdir(directory.c_str());
  ASSERT_TRUE(recorded.result) << recorded.result.error().error.message();
  EXPECT_GT(recorded.samples, 10U);
  EXPECT_EQ(recorded.processes, 1U);
}

TEST(Recording, StopsSamplingAtALimitButWaitsForTheProgram) {
  SKIP_WITHOUT_EVENTS();
  RecordOptions options = shell("sleep 0.4; exit 5");
  options.max_file_bytes = 1000;
  options.file_bytes = [] { return 1000; };
  const Recorded recorded = run_recording(options);
  ASSERT_TRUE(recorded.result);
  EXPECT_EQ(recorded.run.exit_status, 5);
  EXPECT_EQ(recorded.run.charged.source, TimeCharged::Source::kProc);
}

TEST(Recording, ReportsProgress) {
  int calls = 0;
  std::uint64_t elapsed = 0;
  const Recorded recorded = run_recording(shell("sleep 1.3"), [&](const Progress& progress) {
    ++calls;
    elapsed = progress.elapsed_ns;
  });
  ASSERT_TRUE(recorded.result);
  EXPECT_GE(calls, 1);
  EXPECT_GT(elapsed, 0U);
}

TEST(Recording, WithoutAnyPermissionStillRunsTheProgram) {
  const int status = run_process([] {
    install_refusal_of_perf_events();
    const Recorded recorded =
        run_recording(shell("i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; exit 9"));
    if (!recorded.result) return 1;
    if (recorded.run.exit_status != 9) return 2;
    if (recorded.samples != 0 || recorded.run.kernel_sampled) return 3;
    if (recorded.run.charged.source != TimeCharged::Source::kWait4) return 4;
    if (*recorded.run.charged.user_ns == 0) return 5;
    if (recorded.run.events.size() != 1 || recorded.run.events[0].name != "cpu-clock") return 6;
    if (recorded.run.notes.size() != 1 ||
        recorded.run.notes[0].find("seccomp") == std::string::npos) {
      return 7;
    }
    return 0;
  });
  EXPECT_EQ(status, 0);
}

TEST(Recording, WithoutAnyPermissionCannotAttach) {
  const int status = run_process([] {
    install_refusal_of_perf_events();
    RecordOptions options;
    options.scope = Scope::kProcesses;
    options.pids = {::getppid()};
    options.events = {*parse_event_name("cpu-clock")};
    const Recorded recorded = run_recording(options);
    return !recorded.result && recorded.result.error().failure == StartFailure::kProfiler ? 0 : 1;
  });
  EXPECT_EQ(status, 0);
}

TEST(Recording, AsNobodySamplesUserModeOnlyAndSaysSo) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become nobody";
  if (read_number("/proc/sys/kernel/perf_event_paranoid") != 2) {
    GTEST_SKIP() << "needs kernel.perf_event_paranoid 2";
  }
  const int status = run_process([] {
    become_nobody();
    const Recorded recorded = run_recording(shell(kSpin));
    if (!recorded.result) {
      std::fprintf(stderr, "%s\n", recorded.result.error().error.message().c_str());
      return 1;
    }
    if (recorded.run.kernel_sampled || recorded.run.coverage != Coverage::kInherited) return 2;
    if (recorded.samples < 10) return 3;
    for (const std::string& note : recorded.run.notes) {
      if (note.find("perf_event_paranoid") != std::string::npos) return 0;
    }
    return 4;
  });
  EXPECT_EQ(status, 0);
}

TEST(Recording, AsNobodyMayNotAttachToRootsProcess) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become nobody";
  const int status = run_process([] {
    const pid_t root = ::getppid();
    become_nobody();
    RecordOptions options;
    options.scope = Scope::kProcesses;
    options.pids = {root};
    options.events = {*parse_event_name("cpu-clock")};
    const Recorded recorded = run_recording(options);
    if (recorded.result) return 1;
    return recorded.result.error().error.message().find("this process") != std::string::npos ? 0
                                                                                             : 2;
  });
  EXPECT_EQ(status, 0);
}

/// A recording in a process of its own, of a script that says when it is ready.
class SignalledRecording : public ::testing::Test {
 protected:
  void start(const std::string& script) {
    profiler_ = start_process([&] {
      const Recorded recorded = run_recording(shell("echo > " + ready_.path() + "; " + script));
      return recorded.result ? *recorded.run.exit_status : 125;
    });
    while (read_file(ready_.path()) == "") std::this_thread::sleep_for(milliseconds(5));
  }
  Pid child() const {
    for (const Pid pid : numeric_entries("/proc")) {
      const auto stat = read_proc_stat(pid);
      if (stat && stat->parent == profiler_) return pid;
    }
    return -1;
  }
  static void wait_for_state(Pid pid, char state) {
    for (int i = 0; i < 2000; ++i) {
      const auto stat = read_proc_stat(pid);
      if (!stat || stat->state == state) return;
      std::this_thread::sleep_for(milliseconds(5));
    }
  }

  TemporaryFile ready_;
  pid_t profiler_ = -1;
};

TEST_F(SignalledRecording, PassesASignalOnAsItIs) {
  start("trap 'exit 42' USR1; while :; do sleep 0.05; done");
  std::this_thread::sleep_for(milliseconds(100));  // The trap stands after the mark.
  ::kill(profiler_, SIGUSR1);
  EXPECT_EQ(wait_for(profiler_), 42);
}

TEST_F(SignalledRecording, OutlivesASignalThatEndsTheProgram) {
  start("exec sleep 100");
  ::kill(profiler_, SIGTERM);
  EXPECT_EQ(wait_for(profiler_), 128 + SIGTERM);
}

TEST_F(SignalledRecording, StopsAndGoesOnWithItsProgram) {
  start("exec sleep 100");
  const Pid program = child();
  ASSERT_GT(program, 0);
  ::kill(profiler_, SIGTSTP);
  int status = 0;
  ASSERT_EQ(::waitpid(profiler_, &status, WUNTRACED), profiler_);
  EXPECT_TRUE(WIFSTOPPED(status));
  ::kill(profiler_, SIGCONT);
  wait_for_state(program, 'S');
  EXPECT_EQ(read_proc_stat(program)->state, 'S') << "left stopped";
  ::kill(profiler_, SIGINT);
  EXPECT_EQ(wait_for(profiler_), 128 + SIGINT);
}

TEST(Recording, AttachedEndsWellOnSigint) {
  SKIP_WITHOUT_EVENTS();
  const pid_t target = start_process([] {
    for (;;) ::pause();
    return 0;
  });
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  const pid_t profiler = start_process([&] {
    RecordOptions options;
    options.scope = Scope::kProcesses;
    options.pids = {target};
    options.events = {*parse_event_name("cpu-clock")};
    options.log = [&](std::string_view) {
      if (::write(pipe[1], "x", 1) != 1) ::_exit(98);
    };
    return run_recording(options).result ? 0 : 1;
  });
  char byte = 0;
  ASSERT_EQ(::read(pipe[0], &byte, 1), 1);
  ::kill(profiler, SIGINT);
  EXPECT_EQ(wait_for(profiler), 0);
  ::kill(target, SIGKILL);
  wait_for(target);
  ::close(pipe[0]);
  ::close(pipe[1]);
}

}  // namespace
}  // namespace profiler::record
