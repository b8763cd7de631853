// What is left when something is not permitted, and the one line that says what is hidden and which
// setting shows it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "tests/integration/nobody.h"
#include "tests/integration/recorded.h"
#include "tests/support/confinement.h"

namespace profiler::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kHiddenNames = "kernel symbols are hidden";

json report_of(const CommandOptions& options, const std::vector<std::string>& words = {}) {
  std::vector<std::string> arguments = {"report", "--format", "json", "--limit", "0"};
  arguments.insert(arguments.end(), words.begin(), words.end());
  const CommandResult result = run(profiler(arguments), options);
  EXPECT_EQ(result.exit_status, 0) << result.err;
  return json::parse(result.out, nullptr, false);
}

class Nobody : public AsNobody {
 protected:
  Nobody() : AsNobody({"user_sys_ratio"}) {}
};

TEST_F(Nobody, IsShownUserModeAndWhichSettingHidesTheRest) {
  if (kernel_setting("perf_event_paranoid") != "2")
    GTEST_SKIP() << "needs kernel.perf_event_paranoid 2";
  const CommandResult result = run_as_nobody({"./profiler", "time", "-e", "cpu-clock", "-F", "499",
                                              "--", "./user_sys_ratio", "1.2", "0.7"});
  ASSERT_EQ(result.exit_status, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("user mode only"));
  // Wrapped to the width of a page: its first line names the setting already.
  const auto said = lines_with(result.err, "kernel mode was not sampled");
  ASSERT_EQ(said.size(), 1U) << result.err;
  EXPECT_THAT(said[0], HasSubstr("kernel.perf_event_paranoid"));

  const CommandResult text =
      run_as_nobody({"./profiler", "report", "--format", "json", "--limit", "0"});
  const json report = json::parse(text.out, nullptr, false);
  ASSERT_TRUE(report.is_object()) << text.err;
  EXPECT_GE(report["quality"]["samples"], 50) << "of 420: nobody's rings are small";
  // What the kernel charged is known all the same; what was not sampled is no 0.
  EXPECT_GT(report["time"]["sys_s"].get<double>(), 0);
  EXPECT_TRUE(report["time"]["sampled_sys_s"].is_null());
  EXPECT_THAT(report["causes"], IsEmpty());
  EXPECT_EQ(report["quality"]["frames_unnamed"], 0);
  const json compute = row_named(report["functions"], "compute");
  ASSERT_FALSE(compute.is_null());
  EXPECT_GT(compute["total"]["user_s"].get<double>(),
            0.9 * report["time"]["sampled_user_s"].get<double>());
}

TEST_F(Nobody, CannotRecordAnothersProcessNorTheMachine) {
  if (kernel_setting("perf_event_paranoid") != "2")
    GTEST_SKIP() << "needs kernel.perf_event_paranoid 2";
  const CommandResult process = run_as_nobody({"./profiler", "record", "-e", "cpu-clock", "-p",
                                               std::to_string(getpid()), "--duration", "1"});
  EXPECT_EQ(process.exit_status, 125);
  EXPECT_EQ(lines_with(process.err, "").size(), 1U) << process.err;
  EXPECT_THAT(process.err, HasSubstr("CAP_PERFMON"));

  const CommandResult machine =
      run_as_nobody({"./profiler", "record", "-e", "cpu-clock", "-a", "--duration", "1"});
  EXPECT_EQ(machine.exit_status, 125);
  EXPECT_EQ(lines_with(machine.err, "").size(), 1U) << machine.err;
  EXPECT_THAT(machine.err, HasSubstr("kernel.perf_event_paranoid is 2: set it to 0"));
  EXPECT_THAT(directory_.names(), Not(::testing::Contains(HasSubstr("profiler.data"))));
}

TEST_F(Nobody, IsToldWhichEventIsLeftOutAndWhichSettingAllowsIt) {
  if (kernel_setting("perf_event_paranoid") != "2")
    GTEST_SKIP() << "needs kernel.perf_event_paranoid 2";
  const CommandResult result = run_as_nobody(
      {"./profiler", "record", "-e", "cs,cpu-clock,migrations", "--", "./user_sys_ratio", "0.1"});
  ASSERT_EQ(result.exit_status, 0) << result.err;
  for (const char* event : {"event context-switches", "event cpu-migrations"}) {
    const auto said = lines_with(result.err, event);
    ASSERT_EQ(said.size(), 1U) << result.err;
    EXPECT_THAT(said[0], HasSubstr("left out"));
    EXPECT_THAT(said[0], HasSubstr("kernel.perf_event_paranoid is 2: set it to 1"));
  }
  const CommandResult text = run_as_nobody({"./profiler", "report", "--format", "json"});
  const json report = json::parse(text.out, nullptr, false);
  ASSERT_TRUE(report.is_object()) << text.err;
  ASSERT_EQ(report["events"].size(), 1U);
  EXPECT_EQ(report["event"]["name"], "cpu-clock");
  EXPECT_GT(report["quality"]["samples"], 0);

  const CommandResult alone =
      run_as_nobody({"./profiler", "record", "-e", "cs", "--", "./user_sys_ratio", "0.1"});
  EXPECT_EQ(alone.exit_status, 0) << "the program runs all the same";
  EXPECT_EQ(lines_with(alone.err, "no samples: event context-switches").size(), 1U) << alone.err;
}

TEST_F(Nobody, IsToldWhoMayLookUpTracePoints) {
  const std::string id = "/sys/kernel/tracing/events/sched/sched_switch/id";
  if (run_as_nobody({"test", "-r", id}).exit_status == 0) GTEST_SKIP() << "everybody may, here";
  const CommandResult result =
      run_as_nobody({"./profiler", "record", "-e", "sched:sched_switch", "--", "touch", "ran"});
  EXPECT_EQ(result.exit_status, 125);
  EXPECT_EQ(lines_with(result.err, "").size(), 1U) << result.err;
  EXPECT_THAT(result.err, HasSubstr("trace points cannot be looked up"));
  EXPECT_THAT(directory_.names(), Not(::testing::Contains("ran")));
}

TEST_F(Nobody, IsToldOfADirectoryThatCannotBeWrittenToBeforeTheProgramRuns) {
  ASSERT_EQ(chown(directory_.path().c_str(), 0, 0), 0);
  ASSERT_EQ(chmod(directory_.path().c_str(), 0755), 0);
  TemporaryDirectory elsewhere;
  ASSERT_EQ(chown(elsewhere.path().c_str(), kNobody, kNobody), 0);
  for (const char* command : {"time", "record"}) {
    const CommandResult result = run_as_nobody(
        {"./profiler", command, "-e", "cpu-clock", "--", "touch", elsewhere.file("ran")});
    EXPECT_EQ(result.exit_status, 125);
    EXPECT_EQ(lines_with(result.err, "").size(), 1U) << result.err;
    EXPECT_THAT(result.err, HasSubstr("Permission denied"));
    EXPECT_THAT(result.err, HasSubstr("-o"));
  }
  EXPECT_THAT(elsewhere.names(), IsEmpty());
}

/// By the error that the filter gives.
class PerfEventsRefused : public ::testing::TestWithParam<int> {
 protected:
  [[nodiscard]] static CommandOptions options(const TemporaryDirectory& directory) {
    return {.directory = directory.path(),
            .prepare = [] { return refuse_calls({SYS_perf_event_open, SYS_bpf}, GetParam()); }};
  }
};

INSTANTIATE_TEST_SUITE_P(, PerfEventsRefused, ::testing::Values(EPERM, EACCES, ENOSYS),
                         [](const auto& test) {
                           return std::string(test.param == EPERM    ? "NotPermitted"
                                              : test.param == EACCES ? "Denied"
                                                                     : "NoSuchCall");
                         });

TEST_P(PerfEventsRefused, LeavesWhatTheKernelCharged) {
  const TemporaryDirectory directory;
  if (run({"true"}, options(directory)).exit_status != 0) GTEST_SKIP() << "needs seccomp filters";
  const CommandResult result =
      run(profiler({"time", "-e", "cpu-clock", "--", "sh", "-c",
                    "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; exit 7"}),
          options(directory));
  EXPECT_EQ(result.exit_status, 7) << result.err;
  for (const char* word : {"real", "user", "sys", "no samples"})
    EXPECT_THAT(result.err, HasSubstr(word));
  EXPECT_EQ(lines_with(result.err, "no samples").size(), 1U) << result.err;
  EXPECT_EQ(lines_with(result.err, "perf_event_open is not permitted").size(), 1U) << result.err;

  const json report = report_of({.directory = directory.path()});
  EXPECT_EQ(report["exit_status"], 7);
  EXPECT_EQ(report["quality"]["samples"], 0);
  EXPECT_EQ(report["time"]["source"], "wait4");
  EXPECT_GT(report["time"]["user_s"].get<double>(), 0);
  EXPECT_TRUE(report["time"]["sampled_sys_s"].is_null());
}

TEST_P(PerfEventsRefused, IsAnErrorWhereNothingElseIsToBeHad) {
  const TemporaryDirectory directory;
  if (run({"true"}, options(directory)).exit_status != 0) GTEST_SKIP() << "needs seccomp filters";
  for (const char* target : {"-a", "-p"}) {
    std::vector<std::string> words = {"record", "-e", "cpu-clock", "--duration", "1", target};
    if (words.back() == "-p") words.push_back(std::to_string(getpid()));
    const CommandResult result = run(profiler(words), options(directory));
    EXPECT_EQ(result.exit_status, 125);
    EXPECT_EQ(lines_with(result.err, "").size(), 1U) << result.err;
    EXPECT_THAT(result.err, HasSubstr("perf_event_open is not permitted"));
    EXPECT_THAT(directory.names(), IsEmpty());
  }
}

/// A recording in whose sight /proc says that kernel names are hidden; the sampling is real.
class KernelNamesHidden : public ::testing::Test {
 protected:
  void SetUp() override { REQUIRE_KERNEL_SAMPLING(); }
  /// What `record` said, with what the profile must hold whatever hides the names.
  std::string record_with(const std::function<bool()>& prepare) {
    const CommandResult result = run(profiler({"record", "-e", "cpu-clock", "-F", kFrequency, "--",
                                               workload("user_sys_ratio"), "0.4", "0.3"}),
                                     {.directory = directory_.path(), .prepare = prepare});
    EXPECT_EQ(result.exit_status, 0) << result.err;
    const json report = report_of({.directory = directory_.path()});
    EXPECT_GT(report["time"]["sampled_sys_s"].get<double>(), 0);
    // The instructions before the return address still tell which call it was, and who made it.
    EXPECT_FALSE(row_named(report["causes"], "read").is_null()) << report["causes"];
    EXPECT_FALSE(row_named(report["functions"], "fill_from_zero").is_null());
    EXPECT_GT(report["quality"]["frames_unnamed"], 0) << "hidden names are counted";
    return result.err;
  }
  [[nodiscard]] std::function<bool()> with_settings(const std::string& kptr_restrict,
                                                    const std::string& paranoid) const {
    write_bytes(directory_.file("kallsyms"),
                "0000000000000000 T _stext\n0000000000000000 T vfs_read\n");
    write_bytes(directory_.file("kptr_restrict"), kptr_restrict + "\n");
    write_bytes(directory_.file("paranoid"), paranoid + "\n");
    return [this] {
      return own_mounts() && mount_over(directory_.file("kallsyms"), "/proc/kallsyms") &&
             mount_over(directory_.file("kptr_restrict"), "/proc/sys/kernel/kptr_restrict") &&
             mount_over(directory_.file("paranoid"), "/proc/sys/kernel/perf_event_paranoid");
    };
  }
  TemporaryDirectory directory_;
};

TEST_F(KernelNamesHidden, ByKptrRestrictSaysSo) {
  if (mounting_refused()) GTEST_SKIP() << "needs root, to cover files of /proc";
  for (const auto& [value, advice] :
       {std::pair("1", "set it to 0"), std::pair("2", "set it to 1")}) {
    const auto said = lines_with(record_with(with_settings(value, "1")), kHiddenNames);
    ASSERT_EQ(said.size(), 1U);
    EXPECT_THAT(said[0], HasSubstr(std::string("kernel.kptr_restrict is ") + value));
    EXPECT_THAT(said[0], HasSubstr(advice));
  }
}

TEST_F(KernelNamesHidden, ByPerfEventParanoidSaysSo) {
  if (mounting_refused()) GTEST_SKIP() << "needs root, to cover files of /proc";
  const auto said = lines_with(record_with(with_settings("0", "2")), kHiddenNames);
  ASSERT_EQ(said.size(), 1U);
  EXPECT_THAT(said[0], HasSubstr("kernel.perf_event_paranoid is 2"));
  EXPECT_THAT(said[0], Not(HasSubstr("kptr_restrict")));
}

TEST_F(KernelNamesHidden, ByAMissingRightSaysSo) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root, to give up CAP_SYSLOG";
  const bool shown_to_all = kernel_setting("kptr_restrict") == "0" &&
                            std::atoi(kernel_setting("perf_event_paranoid").c_str()) < 2;
  if (shown_to_all) GTEST_SKIP() << "this machine hides kernel names from nobody";
  // No covers here: these are the kernel's own zeros.
  const auto said =
      lines_with(record_with([] { return drop_capability(CAP_SYSLOG); }), kHiddenNames);
  ASSERT_EQ(said.size(), 1U);
  EXPECT_THAT(said[0], HasSubstr("CAP_SYSLOG"));
}

}  // namespace
}  // namespace profiler::test
