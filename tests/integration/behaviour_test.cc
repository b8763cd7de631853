// How the program behaves around its measuring: exit statuses, streams, signals, files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <limits>
#include <optional>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <thread>

#include "tests/integration/recorded.h"

namespace profiler::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class Behaviour : public ::testing::TestWithParam<const char*> {
 protected:
  /// `profiler time|record -e cpu-clock WORDS…` in a directory of its own.
  CommandResult run_profiler(const std::vector<std::string>& words) const {
    return run(profiler(arguments(words)), {.directory = directory_.path()});
  }
  [[nodiscard]] static std::vector<std::string> arguments(const std::vector<std::string>& words) {
    std::vector<std::string> all = {GetParam(), "-e", "cpu-clock"};
    all.insert(all.end(), words.begin(), words.end());
    return all;
  }
  TemporaryDirectory directory_;
};

INSTANTIATE_TEST_SUITE_P(, Behaviour, ::testing::Values("time", "record"),
                         [](const auto& test) { return std::string(test.param); });

std::size_t lines(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count(text, '\n'));
}

TEST_P(Behaviour, ExitStatusIsThatOfTheChild) {
  EXPECT_EQ(run_profiler({"--", "true"}).exit_status, 0);
  EXPECT_EQ(run_profiler({"--", "false"}).exit_status, 1);
  EXPECT_EQ(run_profiler({"sh", "-c", "exit 3"}).exit_status, 3);
  EXPECT_EQ(run_profiler({"sh", "-c", "exit 125"}).exit_status, 125);
}

TEST_P(Behaviour, EndsByTheSignalThatEndedTheChild) {
  for (const int number : {SIGTERM, SIGKILL, SIGSEGV, SIGINT, SIGUSR1}) {
    const CommandResult result =
        run_profiler({"--", "sh", "-c", "kill -" + std::to_string(number) + " $$"});
    EXPECT_EQ(result.signal, number) << result.exit_status << result.err;
    EXPECT_TRUE(profile::read_profile(directory_.file("profiler.data"))) << number;
  }
}

TEST_P(Behaviour, AFailedStartHasAStatusOfItsOwnAndTouchesNothing) {
  write_bytes(directory_.file("profiler.data"), "the one before");
  write_bytes(directory_.file("profiler.data.old"), "and the one before that");
  write_bytes(directory_.file("plain"), "not executable");
  write_bytes(directory_.file("script"), "#!/nonexistent/interpreter\n");
  ASSERT_EQ(chmod(directory_.file("script").c_str(), 0755), 0);

  const CommandResult missing = run_profiler({"--", "./no-such-program"});
  EXPECT_EQ(missing.exit_status, 127);
  EXPECT_THAT(missing.err, HasSubstr("no-such-program"));
  const CommandResult plain = run_profiler({"--", "./plain"});
  EXPECT_EQ(plain.exit_status, 126);
  EXPECT_THAT(plain.err, HasSubstr("plain"));
  const CommandResult folder = run_profiler({"--", "/usr"});
  EXPECT_EQ(folder.exit_status, 126);
  EXPECT_THAT(folder.err, HasSubstr("/usr"));
  const CommandResult script = run_profiler({"--", "./script"});
  EXPECT_EQ(script.exit_status, 127);
  EXPECT_THAT(script.err, HasSubstr("./script"));
  const CommandResult nothing = run_profiler({});
  EXPECT_EQ(nothing.exit_status, 125);
  const CommandResult directory = run_profiler({"-o", "/nonexistent/x", "--", "true"});
  EXPECT_EQ(directory.exit_status, 125);
  EXPECT_THAT(directory.err, HasSubstr("/nonexistent"));
  const CommandResult option = run_profiler({"--no-such-option", "--", "true"});
  EXPECT_EQ(option.exit_status, 125);
  for (const CommandResult& result : {missing, plain, folder, script, nothing, directory, option}) {
    EXPECT_EQ(lines(result.err), 1U) << result.err;
    EXPECT_THAT(result.out, IsEmpty());
  }

  EXPECT_THAT(directory_.names(),
              ElementsAre("plain", "profiler.data", "profiler.data.old", "script"));
  EXPECT_EQ(read_bytes(directory_.file("profiler.data")), "the one before");
  EXPECT_EQ(read_bytes(directory_.file("profiler.data.old")), "and the one before that");
}

TEST_P(Behaviour, KeepsTheProfileBefore) {
  ASSERT_EQ(run_profiler({"--", "true"}).exit_status, 0);
  const std::string first = read_bytes(directory_.file("profiler.data"));
  ASSERT_EQ(run_profiler({"--", "true"}).exit_status, 0);
  EXPECT_THAT(directory_.names(), ElementsAre("profiler.data", "profiler.data.old"));
  EXPECT_EQ(read_bytes(directory_.file("profiler.data.old")), first);
}

TEST_P(Behaviour, LeavesTheChildsStreamsAlone) {
  const CommandResult result =
      run_profiler({"--", "sh", "-c", "echo to stdout; echo to stderr >&2"});
  EXPECT_EQ(result.out, "to stdout\n");
  EXPECT_THAT(result.err, ::testing::StartsWith("to stderr\n"));
}

TEST_P(Behaviour, ForwardsASignalSentToItAloneAndStillWritesTheProfile) {
  REQUIRE_SAMPLING();
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) {
    Command command(profiler(arguments({"--", workload("call_chain"), "60"})),
                    {.directory = directory_.path()});
    // Not before it samples: the file is there, and the child has had a while.
    while (access(directory_.file("profiler.data.part").c_str(), F_OK) != 0)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    std::this_thread::sleep_for(std::chrono::milliseconds(700));
    command.signal(number);
    const CommandResult result = command.wait();
    EXPECT_FALSE(result.timed_out);
    EXPECT_EQ(result.signal, number) << result.exit_status << result.err;
    const Result<Profile> profile = profile::read_profile(directory_.file("profiler.data"));
    ASSERT_TRUE(profile) << profile.error().message();
    EXPECT_FALSE(profile->samples.empty());
    EXPECT_EQ(profile->run.exit_signal, number);
    EXPECT_EQ(profile->run.exit_status, 128 + number);
  }
}

TEST(Time, PrintsItsOverviewToStandardError) {
  REQUIRE_SAMPLING();
  const TemporaryDirectory directory;
  const CommandResult result =
      run(profiler({"time", "-e", "cpu-clock", "--", workload("user_sys_ratio"), "0.3"}),
          {.directory = directory.path()});
  EXPECT_EQ(result.exit_status, 0);
  EXPECT_EQ(lines(result.out), 1U) << result.out;  // The workload's.
  for (const char* word : {"real", "user", "sys", "cpu-clock", "compute"})
    EXPECT_THAT(result.err, HasSubstr(word));
  EXPECT_THAT(result.err, Not(HasSubstr("\x1b["))) << "no colour where there is no terminal";
}

TEST(Record, SaysNothingWhenQuiet) {
  const TemporaryDirectory directory;
  const CommandResult result = run(profiler({"record", "-q", "-e", "cpu-clock", "--", "true"}),
                                   {.directory = directory.path()});
  EXPECT_EQ(result.exit_status, 0);
  EXPECT_THAT(result.err, IsEmpty());
  EXPECT_THAT(result.out, IsEmpty());
}

TEST(Record, AttachesToARunningProcessWithItsThreads) {
  REQUIRE_SAMPLING();
  const TemporaryDirectory directory;
  Command target({workload("threads"), "60"}, {});
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  const CommandResult result =
      run(profiler({"record", "-e", "cpu-clock", "-p", std::to_string(target.pid()), "--duration",
                    "1", "-o", "attached"}),
          {.directory = directory.path()});
  EXPECT_EQ(result.exit_status, 0) << result.err;
  // The target goes on, and is not stopped.
  const std::string state = read_bytes("/proc/" + std::to_string(target.pid()) + "/stat");
  EXPECT_THAT(state, Not(HasSubstr(") T ")));
  EXPECT_THAT(state, Not(HasSubstr(") Z ")));
  const Result<Profile> profile = profile::read_profile(directory.file("attached"));
  ASSERT_TRUE(profile) << profile.error().message();
  std::set<std::string> names;
  for (const Sample& sample : profile->samples)
    names.insert(profile->text(profile->threads[sample.thread].name));
  EXPECT_EQ(names, (std::set<std::string>{"worker-1", "worker-2", "worker-3", "worker-4"}));
  EXPECT_FALSE(profile->run.exit_status.has_value());
}

/// The thread of that name; none until it has got the name.
std::optional<pid_t> thread_named(pid_t pid, const std::string& name) {
  for (const auto& task :
       std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task")) {
    if (read_bytes(task.path().string() + "/comm") == name + "\n")
      return std::stoi(task.path().filename().string());
  }
  return std::nullopt;
}

TEST(Record, OfOneThreadLeavesTheOthersOut) {
  REQUIRE_SAMPLING();
  const TemporaryDirectory directory;
  Command target({workload("threads"), "60"}, {});
  std::optional<pid_t> tid;
  for (int i = 0; i < 100 && !tid; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    tid = thread_named(target.pid(), "worker-1");
  }
  ASSERT_TRUE(tid);
  const CommandResult result = run(profiler({"record", "-e", "cpu-clock", "-t",
                                             std::to_string(*tid), "--duration", "1", "-o", "one"}),
                                   {.directory = directory.path()});
  EXPECT_EQ(result.exit_status, 0) << result.err;
  const Result<Profile> profile = profile::read_profile(directory.file("one"));
  ASSERT_TRUE(profile) << profile.error().message();
  EXPECT_FALSE(profile->samples.empty());
  for (const Sample& sample : profile->samples)
    EXPECT_EQ(profile->threads[sample.thread].tid, *tid);
}

/// Where control groups are that events can be opened on: perf's own hierarchy, or the unified one.
std::string perf_cgroup_root() {
  std::string unified;
  std::istringstream mounts(read_bytes("/proc/mounts"));
  std::string device, directory, type, options;
  while (mounts >> device >> directory >> type >> options) {
    mounts.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
    if (type == "cgroup" && options.find("perf_event") != std::string::npos) return directory;
    if (type == "cgroup2" && unified.empty()) unified = directory;
  }
  return unified;
}

TEST(Record, OfACgroupTakesItsProcessesOnly) {
  REQUIRE_KERNEL_SAMPLING();
  const std::string name = "profiler_test_" + std::to_string(getpid());
  const std::string root = perf_cgroup_root();
  const std::string group = root + "/" + name;
  if (root.empty() || mkdir(group.c_str(), 0755) != 0)
    GTEST_SKIP() << "needs a control group of its own: " << std::strerror(errno);
  const TemporaryDirectory directory;
  {
    Command stranger({workload("call_chain"), "60"}, {});
    Command member(
        {"sh", "-c", "echo $$ > " + group + "/cgroup.procs && exec " + workload("threads") + " 60"},
        {});
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    const CommandResult result =
        run(profiler({"record", "-e", "cpu-clock", "-G", name, "--duration", "1", "-o", "group"}),
            {.directory = directory.path()});
    EXPECT_EQ(result.exit_status, 0) << result.err;
    const Result<Profile> profile = profile::read_profile(directory.file("group"));
    ASSERT_TRUE(profile) << profile.error().message();
    EXPECT_FALSE(profile->samples.empty());
    for (const Sample& sample : profile->samples) {
      const ProcessIndex process = profile->threads[sample.thread].process;
      EXPECT_EQ(profile->processes[process].pid, member.pid());
    }
  }
  // A group can be removed once the kernel has let its last task go.
  for (int i = 0; i < 100 && rmdir(group.c_str()) != 0 && errno == EBUSY; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
}

TEST(Record, OfAProcessThatDoesNotExistFailsInOneLine) {
  const TemporaryDirectory directory;
  const CommandResult result =
      run(profiler({"record", "-e", "cpu-clock", "-p", "4194303", "--duration", "1"}),
          {.directory = directory.path()});
  EXPECT_EQ(result.exit_status, 125);
  EXPECT_EQ(lines(result.err), 1U) << result.err;
  EXPECT_THAT(result.err, HasSubstr("4194303"));
  EXPECT_THAT(directory.names(), IsEmpty());
}

TEST(Record, OfAProcessThatEndsMeanwhileEndsWithIt) {
  REQUIRE_SAMPLING();
  const TemporaryDirectory directory;
  Command target({workload("call_chain"), "0.5"}, {});
  const CommandResult result = run(profiler({"record", "-e", "cpu-clock", "-p",
                                             std::to_string(target.pid()), "--duration", "100"}),
                                   {.directory = directory.path()});
  // Or, on a machine as busy as that, it was gone before.
  if (result.exit_status == 125) {
    EXPECT_THAT(result.err, HasSubstr(std::to_string(target.pid())));
    EXPECT_EQ(lines(result.err), 1U) << result.err;
    return;
  }
  EXPECT_FALSE(result.timed_out);
  EXPECT_EQ(result.exit_status, 0) << result.err;
  EXPECT_TRUE(profile::read_profile(directory.file("profiler.data")));
}

TEST(Record, OfAProcessThatEndsAtOnceIsAProfileOrOneLine) {
  for (int i = 0; i < 10; ++i) {
    const TemporaryDirectory directory;
    Command target({"true"}, {});
    const CommandResult result = run(profiler({"record", "-q", "-e", "cpu-clock", "-p",
                                               std::to_string(target.pid()), "--duration", "100"}),
                                     {.directory = directory.path()});
    EXPECT_FALSE(result.timed_out);
    if (result.exit_status == 0) {
      EXPECT_TRUE(profile::read_profile(directory.file("profiler.data")));
      continue;
    }
    EXPECT_EQ(result.exit_status, 125);
    EXPECT_EQ(lines(result.err), 1U) << result.err;
    EXPECT_THAT(directory.names(), IsEmpty());
  }
}

TEST_P(Behaviour, AProgramOfAMillisecondHasAProfileThatSaysHowLittleItIs) {
  const std::regex kNoNumber("(^|[^A-Za-z_])(nan|inf)([^A-Za-z_]|$)");
  const CommandResult result = run_profiler({"--", "true"});
  EXPECT_EQ(result.exit_status, 0) << result.err;
  for (const char* format : {"text", "json", "csv"}) {
    const CommandResult report =
        run(profiler({"report", "--format", format}), {.directory = directory_.path()});
    EXPECT_EQ(report.exit_status, 0) << report.err;
    EXPECT_FALSE(std::regex_search(report.out, kNoNumber)) << report.out;
  }
  EXPECT_FALSE(std::regex_search(result.err, kNoNumber)) << result.err;
}

TEST(Report, OfAProfileThatWasCutOffShowsWhatThereIs) {
  REQUIRE_SAMPLING();
  const Recorded r = record_workload({"call_chain", "0.2"});
  const std::string bytes = read_bytes(r.directory->file("profiler.data"));
  write_bytes(r.directory->file("profiler.data.part"), bytes.substr(0, bytes.size() - 20));
  const json report = r.report({"-i", "profiler.data.part"});
  EXPECT_EQ(report["quality"]["samples"], r.profile.samples.size());
  EXPECT_FALSE(row_named(report["functions"], "spin").is_null());
}

TEST(Report, OfWhatIsNoProfileFailsInOneLine) {
  const TemporaryDirectory directory;
  write_bytes(directory.file("empty"), "");
  ASSERT_EQ(mkfifo(directory.file("fifo").c_str(), 0600), 0);
  for (const char* input : {"missing", "empty", "fifo", ".", "/proc/self/exe"}) {
    const CommandResult result =
        run(profiler({"report", "-i", input}),
            {.directory = directory.path(), .timeout = std::chrono::seconds(20)});
    EXPECT_EQ(result.exit_status, 1) << input;
    EXPECT_EQ(lines(result.err), 1U) << result.err;
    EXPECT_THAT(result.err, HasSubstr(input));
    EXPECT_THAT(result.out, IsEmpty());
  }
}

TEST(ProfileOfRootUnderSudo, BelongsToTheCaller) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  const TemporaryDirectory directory;
  const CommandResult result = run(
      profiler({"record", "-e", "cpu-clock", "--", "true"}),
      {.directory = directory.path(), .environment = {{"SUDO_UID", "1234"}, {"SUDO_GID", "2345"}}});
  EXPECT_EQ(result.exit_status, 0) << result.err;
  struct stat status{};
  ASSERT_EQ(stat(directory.file("profiler.data").c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, 1234U);
  EXPECT_EQ(status.st_gid, 2345U);
}

}  // namespace
}  // namespace profiler::test
