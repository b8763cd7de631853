// Waiting at its extremes: a program that is frozen by its cgroup, and one of ten thousand threads.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>
#include <fstream>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/integration/recorded.h"
#include "tests/integration/waited.h"

namespace profiler::test {
namespace {

using ::testing::AssertionFailure;
using ::testing::AssertionResult;
using ::testing::AssertionSuccess;
using ::testing::HasSubstr;

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

bool until(const std::function<bool()>& is_true) {
  for (const auto end = Clock::now() + 10s; Clock::now() < end; std::this_thread::sleep_for(1ms))
    if (is_true()) return true;
  return false;
}

/// Where a hierarchy is mounted that can freeze, by its type in /proc/mounts.
std::optional<std::string> freezer_mount(const std::string& wanted) {
  std::ifstream mounts("/proc/mounts");
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream fields(line);
    std::string device, directory, type, options;
    fields >> device >> directory >> type >> options;
    if (type != wanted) continue;
    if (type == "cgroup2" || ("," + options + ",").contains(",freezer,")) return directory;
  }
  return std::nullopt;
}

/// A cgroup of our own, of version 1 or 2. Whoever is still in it at its end is thawed and moved to
/// the root.
class Freezer {
 public:
  Freezer(const std::string& mount, bool version_2)
      : root_(mount),
        directory_(mount + "/profiler-test-" + std::to_string(getpid())),
        version_2_(version_2),
        made_(::mkdir(directory_.c_str(), 0755) == 0) {}
  ~Freezer() {
    if (!made_) return;
    thaw();
    std::ifstream processes(directory_ + "/cgroup.procs");
    for (std::string pid; std::getline(processes, pid);) write(root_ + "/cgroup.procs", pid);
    ::rmdir(directory_.c_str());
  }
  Freezer(const Freezer&) = delete;
  Freezer& operator=(const Freezer&) = delete;

  [[nodiscard]] bool works() const {
    return made_ && ::access(file().c_str(), W_OK) == 0;  // Linux before 5.2: v2 cannot freeze.
  }
  [[nodiscard]] bool add(const std::string& pid) const {
    return write(directory_ + "/cgroup.procs", pid);
  }
  /// Returns when all of it stand still.
  [[nodiscard]] bool freeze() const {
    return write(file(), version_2_ ? "1" : "FROZEN") && until([this] {
             return version_2_ ? read_bytes(directory_ + "/cgroup.events").contains("frozen 1")
                               : read_bytes(file()).starts_with("FROZEN");
           });
  }
  bool thaw() const { return write(file(), version_2_ ? "0" : "THAWED"); }

 private:
  [[nodiscard]] std::string file() const {
    return directory_ + (version_2_ ? "/cgroup.freeze" : "/freezer.state");
  }
  static bool write(const std::string& path, const std::string& text) {
    std::ofstream file(path);
    file << text << std::flush;
    return file.good();
  }

  std::string root_;
  std::string directory_;
  bool version_2_;
  bool made_;
};

class FrozenProgram : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    REQUIRE_KERNEL_SAMPLING();
    const std::string type = GetParam();
    const auto mount = freezer_mount(type);
    if (!mount) GTEST_SKIP() << "no hierarchy of type " << type << " that freezes is mounted";
    freezer_ = std::make_unique<Freezer>(*mount, type == "cgroup2");
    if (!freezer_->works())
      GTEST_SKIP() << "needs root, to make a cgroup that freezes in " << *mount;
  }
  /// Of the program, once it runs, in the cgroup.
  std::string caught(const std::string& pid_file) {
    EXPECT_TRUE(until([&] { return read_bytes(pid_file).ends_with('\n'); }));
    std::string pid = read_bytes(pid_file);
    if (!pid.empty()) pid.pop_back();
    EXPECT_TRUE(freezer_->add(pid));
    return pid;
  }
  std::unique_ptr<Freezer> freezer_;
};
INSTANTIATE_TEST_SUITE_P(, FrozenProgram, ::testing::Values("cgroup", "cgroup2"),
                         [](const auto& test) { return std::string(test.param); });

/// For how long a program stood still: at least, and each time at most, but for the time until it
/// got a CPU again.
struct Freezes {
  double least_s = 0;
  double longest_s = 0;
};

/// Freezes it so often, for 300 ms each time.
AssertionResult freeze(const Freezer& freezer, int times, Freezes& freezes) {
  for (int i = 0; i < times; ++i) {
    std::this_thread::sleep_for(150ms);
    const auto began = Clock::now();
    if (!freezer.freeze()) return AssertionFailure() << "it does not freeze";
    const auto frozen = Clock::now();
    std::this_thread::sleep_for(300ms);
    freezes.least_s += seconds_since(frozen);
    if (!freezer.thaw()) return AssertionFailure() << "it does not thaw";
    freezes.longest_s = std::max(freezes.longest_s, seconds_since(began));
  }
  return AssertionSuccess();
}

/// The spinner was stopped for as long as it has not run; the main thread, in its sleeps, either
/// was stopped or slept on: kernels differ.
AssertionResult freezes_are_true(const Waited& waited, const Freezes& freezes) {
  const Profile& profile = waited.recorded.profile;
  const auto frozen_s = waited.recorded.truth["frozen_s"].get<double>();
  const auto sleeping_s = waited.recorded.truth["sleeping_s"].get<double>();
  if (frozen_s < freezes.least_s)
    return AssertionFailure() << "it says that it stood still for " << frozen_s << " s";

  const double real_s = static_cast<double>(profile.run.duration_ns) * 1e-9;
  for (const Wait& wait : profile.waits) {
    constexpr double kSleepAndDelayS = 0.1;
    if (static_cast<double>(wait.ns) * 1e-9 > freezes.longest_s + kSleepAndDelayS)
      return AssertionFailure() << "a wait of " << wait.ns << " ns";
  }
  double off_s = 0;
  for (const auto& [tid, schedule] : schedules(profile)) {
    EXPECT_LE(schedule.lifetime_s, real_s + kTickS) << tid;
    EXPECT_NEAR(schedule.on_cpu_s + schedule.off_cpu_s(), schedule.lifetime_s, 1e-6) << tid;
    off_s += schedule.off_cpu_s();
  }

  // A spinner may have been held up on its way into and out of a freeze.
  const auto clamped = [](double truth, double blocked_s, double runnable_s) {
    return std::clamp(truth, blocked_s, blocked_s + runnable_s);
  };
  const Schedule spinner = schedule_of(profile, "spinner");
  CHECK_THAT(is_near("the spinner blocked",
                     clamped(frozen_s, spinner.blocked_s, spinner.runnable_s), frozen_s));
  const double stopped_s = waited_s(waited.report, "stopped");
  const double slept_s = waited_s(waited.report, "sleep");
  const double runnable_s = waited_s(waited.report, "runnable");
  if (stopped_s + runnable_s + kTickS < frozen_s || stopped_s > 2 * frozen_s + kTickS)
    return AssertionFailure() << stopped_s << " s stopped of " << frozen_s << " s frozen";
  const double both_s = frozen_s + sleeping_s;
  CHECK_THAT(
      is_near("stopped and asleep", clamped(both_s, stopped_s + slept_s, runnable_s), both_s));
  double all_s = 0;
  for (const json& row : waited.report["waits"]) {
    const std::string name = row["class"];
    EXPECT_GE(row["wait_s"].get<double>(), 0) << name;
    all_s += row["wait_s"].get<double>();
    // Of the threads for each other as they begin and end; for a CPU and pages at any time.
    if (name == "lock" || name == "runnable" || name == "disk") continue;
    if (name == "stopped" || name == "sleep") continue;
    CHECK_THAT(is_near(name, row["wait_s"], 0));
  }
  EXPECT_NEAR(all_s, off_s, 1e-6);
  return AssertionSuccess();
}

TEST_P(FrozenProgram, WasStoppedForAsLongAsItStoodStill) {
  constexpr int kFreezes = 3;
  constexpr int kTries = 3;
  AssertionResult result = AssertionFailure();
  for (int i = 0; i < kTries && !result; ++i) {
    Waited waited;
    const std::string pid_file = waited.recorded.directory->file("pid");
    Command recording(profiler({"record", "--wait", "-e", "cpu-clock", "-F", "999", "--",
                                workload("frozen"), pid_file, std::to_string(kFreezes)}),
                      {.directory = waited.recorded.directory->path()});
    caught(pid_file);
    ASSERT_FALSE(HasFailure());
    std::this_thread::sleep_for(400ms);  // Until nothing of the recorder's own start is left.
    Freezes freezes;
    ASSERT_TRUE(freeze(*freezer_, kFreezes, freezes));
    const CommandResult ended = recording.wait();
    ASSERT_EQ(ended.exit_status, 0) << ended.err;
    auto profile = profile::read_profile(waited.recorded.directory->file("profiler.data"));
    ASSERT_TRUE(profile) << profile.error().message();
    waited.recorded.profile = *std::move(profile);
    waited.recorded.truth = json::parse(ended.out, nullptr, false);
    waited.report = waited.recorded.report();
    ASSERT_EQ(waited.recorded.profile.run.losses.switches_lost, 0U);
    result = freezes_are_true(waited, freezes);
    if (!result) std::cerr << "[  RETRY   ] " << result.message() << std::endl;
  }
  EXPECT_TRUE(result);
}

TEST_P(FrozenProgram, ThatIsRecordedInItsFreezeWasBlockedUntilItsEnd) {
  const TemporaryDirectory directory;
  Command program({workload("frozen"), directory.file("pid"), "1"}, {});
  const std::string pid = caught(directory.file("pid"));
  ASSERT_TRUE(freezer_->freeze());
  Command recording(profiler({"record", "--wait", "-e", "cpu-clock", "-p", pid, "--duration", "1"}),
                    {.directory = directory.path()});
  std::this_thread::sleep_for(600ms);
  const auto thawed = Clock::now();
  ASSERT_TRUE(freezer_->thaw());
  const CommandResult ended = recording.wait();
  ASSERT_EQ(ended.exit_status, 0) << ended.err;
  EXPECT_EQ(program.wait().exit_status, 0);

  const auto profile = profile::read_profile(directory.file("profiler.data"));
  ASSERT_TRUE(profile) << profile.error().message();
  // The clock of records is that of std::chrono.
  const auto thawed_ns = static_cast<std::uint64_t>(thawed.time_since_epoch() / 1ns);
  std::size_t threads = 0;
  for (const ThreadSchedule& row : profile->schedules) {
    const std::string name = profile->text(profile->threads[row.thread].name);
    SCOPED_TRACE(name);
    ++threads;
    const double lifetime_s = static_cast<double>(row.last_ns - row.first_ns) * 1e-9;
    EXPECT_LE(lifetime_s, static_cast<double>(profile->run.duration_ns) * 1e-9 + kTickS);
    const std::uint64_t began_ns = profile->run.start_monotonic_ns + row.first_ns;
    ASSERT_LT(began_ns, thawed_ns) << "the recording began too late";
    const double frozen_s = static_cast<double>(thawed_ns - began_ns) * 1e-9;
    const double blocked_s = static_cast<double>(row.blocked_ns) * 1e-9;
    EXPECT_GE(blocked_s + kTickS, frozen_s);
    EXPECT_GE(lifetime_s, blocked_s);
    EXPECT_GT(row.on_cpu_ns, 0U) << "it ran again";
  }
  EXPECT_EQ(threads, 2U);
}

/// That their times add up, one by one and all together, to what they measured and the kernel
/// charged, and that it is said of how many waits stacks were taken.
AssertionResult threads_add_up(const Waited& waited) {
  const json& truth = waited.recorded.truth;
  const json& time = waited.report["time"];
  const auto count = truth["threads"].get<std::size_t>();
  const auto threads = schedules(waited.recorded.profile);
  EXPECT_EQ(threads.size(), count + 1);
  EXPECT_EQ(time["threads"], count + 1);
  Schedule all;
  int wrong = 0;         // Each of them has waited, and nothing of its life is unknown.
  double longest_s = 0;  // The main thread, which is none of those that measured themselves.
  for (const auto& [tid, schedule] : threads) {
    const double parts_s = schedule.on_cpu_s + schedule.off_cpu_s();
    if (std::abs(parts_s - schedule.lifetime_s) > 1e-6 || schedule.blocked_s == 0) ++wrong;
    all.lifetime_s += schedule.lifetime_s;
    all.on_cpu_s += schedule.on_cpu_s;
    all.blocked_s += schedule.blocked_s;
    all.runnable_s += schedule.runnable_s;
    longest_s = std::max(longest_s, schedule.lifetime_s);
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_NEAR(time["wait_s"].get<double>(), all.off_cpu_s(), 1e-3);
  CHECK_THAT(is_near("lifetimes", all.lifetime_s - longest_s, truth["lifetime_s"], 0.01));
  const double charged_s = time["user_s"].get<double>() + time["sys_s"].get<double>();
  CHECK_THAT(is_near("user, sys and wait", charged_s + time["wait_s"].get<double>(), all.lifetime_s,
                     0.01));
  // The kernel charges what a thread takes to vanish, after it has ended, and what it took to start
  // the program; the threads themselves measured less than their all.
  if (all.on_cpu_s < truth["cpu_s"].get<double>() || all.on_cpu_s > charged_s ||
      all.on_cpu_s < 0.7 * charged_s) {
    return AssertionFailure() << all.on_cpu_s << " s on a CPU of " << charged_s << " s charged and "
                              << truth["cpu_s"] << " s measured";
  }

  const auto lock_s = truth["lock_s"].get<double>();
  const double recorded_s = waited_s(waited.report, "lock");
  CHECK_THAT(is_near(
      "lock", std::clamp(lock_s, recorded_s, recorded_s + waited_s(waited.report, "runnable")),
      lock_s));
  const json caller = wait_row(waited.report, "lock")["callers"][0];
  EXPECT_EQ(caller["function"], "wait_for_everybody");
  const json& quality = waited.report["quality"];
  EXPECT_GE(quality["waits"], count);
  EXPECT_GT(quality["wait_stacks"], 0);
  const CommandResult text =
      run(profiler({"report", "--by", "wait"}), {.directory = waited.recorded.directory->path()});
  EXPECT_THAT(text.out, HasSubstr(" of 10,001 threads · "));
  EXPECT_THAT(text.out, HasSubstr(quality["wait_stacks"] == quality["waits"] ? "all with stacks"
                                                                             : " with stacks"));
  return AssertionSuccess();
}

TEST(TenThousandThreadsAtOnce, AddUpToTheLivesThatTheyMeasured) {
  REQUIRE_KERNEL_SAMPLING();
  std::string refused;
  auto began = Clock::now();
  expect_waits({"many_threads", "10000", "1"}, [&](const Waited& waited) -> AssertionResult {
    if (waited.recorded.truth.contains("refused")) {
      refused = std::to_string(waited.recorded.truth["threads"].get<int>()) +
                " threads are all that may be started here: " +
                waited.recorded.truth["refused"].get<std::string>();
      return AssertionSuccess();
    }
    const double took_s = seconds_since(began);
    began = Clock::now();
    if (took_s > 20) return AssertionFailure() << "to record and report it took " << took_s << " s";
    return threads_add_up(waited);
  });
  if (!refused.empty()) GTEST_SKIP() << refused;
}

}  // namespace
}  // namespace profiler::test
