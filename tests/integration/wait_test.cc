// Waiting as the built program records it, on programs that know how long they waited: by class, by
// thread, and against perf sched and bpftrace on the same run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <functional>
#include <map>
#include <regex>
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

class KnownWaits : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(, KnownWaits,
                         ::testing::Values("sleep", "poll", "pipe", "socket", "terminal", "child",
                                           "stopped", "traced"),
                         [](const auto& test) { return std::string(test.param); });

TEST_P(KnownWaits, AreThoseThatTheWorkloadMeasured) {
  REQUIRE_KERNEL_SAMPLING();
  expect_waits({"known_waits", GetParam(), "40"}, classes_are_true);
}

TEST(DiskWaits, AreThoseThatTheWorkloadMeasured) {
  REQUIRE_KERNEL_SAMPLING();
  // Where the programs are built: a directory for temporary files may be in memory.
  expect_waits({"known_waits", "disk", PROFILER_WORKLOADS, "200"}, [](const Waited& waited) {
    if (waited.recorded.truth["direct"] == 0)
      std::cerr << "(the file system refuses O_DIRECT: not tested)" << std::endl;
    return classes_are_true(waited);
  });
}

TEST(HeldLock, IsWaitedForByTheThreadsThatWantIt) {
  REQUIRE_KERNEL_SAMPLING();
  expect_waits({"held_lock", "40"}, [](const Waited& waited) -> AssertionResult {
    CHECK_THAT(classes_are_true(waited));
    const json& truth = waited.recorded.truth;
    double wanted_s = 0;
    for (const json& thread : truth["threads"]) wanted_s += thread["lock_s"].get<double>();
    // The function that takes the lock, among those of the program that wait for one.
    double taken_s = 0;
    const json lock = wait_row(waited.report, "lock");
    for (const json& caller : lock["callers"])
      if (caller["function"] == "take_lock") taken_s += caller["wait_s"].get<double>();
    // What they waited for a CPU after that is not the lock's.
    const double runnable_s = waited_s(waited.report, "runnable");
    CHECK_THAT(is_near("take_lock", std::clamp(wanted_s, taken_s, taken_s + runnable_s), wanted_s));
    return threads_are_true(waited);
  });
}

// The tables charge the lock's wait to the function that takes it, as the workload measured it
// around the call, and so to who calls that.
TEST(HeldLock, IsInTheTableOfFunctionsWithTheWaitOfWhoTakesIt) {
  REQUIRE_KERNEL_SAMPLING();
  expect_waits({"held_lock", "40"}, [](const Waited& waited) -> AssertionResult {
    std::map<std::string, double> lock_s;  // By the function that calls take_lock().
    for (const auto& [name, thread] : waited.recorded.truth["threads"].items())
      lock_s[name == "holder" ? "hold" : "want"] += thread["lock_s"].get<double>();
    const json& functions = waited.report["functions"];
    const json taken = row_named(functions, "take_lock");
    if (taken.is_null()) return AssertionFailure() << functions.dump();
    EXPECT_TRUE(taken["module"].get<std::string>().ends_with("held_lock")) << taken;
    CHECK_THAT(is_near("take_lock", taken["total"]["wait_s"], lock_s["hold"] + lock_s["want"]));
    // The kernel's part is a row of its own: the function itself waits for nothing.
    CHECK_THAT(is_near("take_lock itself", taken["self"]["wait_s"], 0));
    const json tree = waited.recorded.report({"--tree", "--wait", "--min-share", "0"})["root"];
    for (const auto& [caller, seconds] : lock_s) {
      if (seconds < kTickS) continue;  // The holder finds the lock free, as a rule.
      const json node = node_at(tree, {caller, "take_lock"});
      if (node.is_null()) return AssertionFailure() << "no take_lock under " << caller;
      CHECK_THAT(is_near("take_lock under " + caller, node["total"]["wait_s"], seconds));
    }
    return AssertionSuccess();
  });
}

TEST(HeldLock, IsSaidToBeLetGoByTheThreadThatHadIt) {
  REQUIRE_KERNEL_SAMPLING();
  const Recorded recorded = record_workload({"held_lock", "20"}, {"--wakers", "-F", "999"});
  for (const std::string& note : recorded.profile.run.notes)
    if (note.contains("who ends waits was not recorded")) GTEST_SKIP() << note;
  const json report = recorded.report({"--by", "waker", "--filter", "wait=lock"});
  // The thread that holds it long, and those that get it then, one after the other.
  std::map<std::string, std::uint64_t> by_waker;
  std::uint64_t waits = 0;
  for (const json& row : report["wakers"]) {
    EXPECT_EQ(row["class"], "lock");
    if (row["waiter"]["function"] != "take_lock") continue;
    waits += row["count"].get<std::uint64_t>();
    if (!row["waker"]["function"].is_null())
      by_waker[row["waker"]["function"]] += row["count"].get<std::uint64_t>();
  }
  EXPECT_GE(by_waker["hold"], 10U) << report.dump();
  EXPECT_GE(by_waker["hold"] + by_waker["want"], waits * 9 / 10) << report.dump();
}

TEST(CrowdedCpus, AreWaitedForByThreadsThatCompute) {
  REQUIRE_SAMPLING();
  const auto is_true = [](const Waited& waited) -> AssertionResult {
    CHECK_THAT(threads_are_true(waited));
    double all_s = 0;
    for (const auto& [name, truth] : waited.recorded.truth["threads"].items()) {
      const Schedule schedule = schedule_of(waited.recorded.profile, name);
      const auto runnable_s = truth["runnable_s"].get<double>();
      all_s += runnable_s;
      CHECK_THAT(is_near(name + " wants a CPU", schedule.runnable_s, runnable_s));
      const auto delay_s = truth["delay_s"].get<double>();
      if (delay_s >= 0) CHECK_THAT(is_near(name + "'s delay", schedule.runnable_s, delay_s));
    }
    // The napper is woken, which is known once BPF is there.
    const double napper_s = schedule_of(waited.recorded.profile, "napper").runnable_s;
    return is_near("runnable", waited_s(waited.report, "runnable") - napper_s, all_s);
  };
  // What a hypervisor steals is not in a thread's clock, and comes in pieces of some milliseconds.
  expect_waits({"crowded_cpus", "1.5"}, is_true, {.tries = 8});
}

// Against the scheduler's own account: with wakers BPF is there from the beginning.
TEST(CrowdedCpus, AreWaitedForByAThreadThatIsWoken) {
  REQUIRE_KERNEL_SAMPLING();
  bool wakers = true;
  expect_waits({"crowded_cpus", "1"},
               [&](const Waited& waited) -> AssertionResult {
                 for (const std::string& note : waited.recorded.profile.run.notes)
                   wakers = wakers && !note.contains("who ends waits was not recorded");
                 const json& truth = waited.recorded.truth["napper"];
                 const auto delay_s = truth["delay_s"].get<double>();
                 if (!wakers || delay_s < 0) return AssertionSuccess();
                 const Schedule schedule = schedule_of(waited.recorded.profile, "napper");
                 return is_near("the napper's delay", schedule.runnable_s, delay_s, 0.05);
               },
               {.option = "--wakers"});
  if (!wakers) GTEST_SKIP() << "without BPF nobody tells of wake-ups";
}

TEST(IdlePool, WaitsForJobsWhileTheMainThreadWaitsForMessages) {
  REQUIRE_KERNEL_SAMPLING();
  expect_waits({"idle_pool", "16", "40"}, [](const Waited& waited) -> AssertionResult {
    CHECK_THAT(classes_are_true(waited));
    const json pipe = wait_row(waited.report, "pipe");
    if (pipe["callers"].empty() || pipe["callers"][0]["function"] != "read_message")
      return AssertionFailure() << pipe.dump();
    return AssertionSuccess();
  });
}

TEST(ThreadsThatEndAsleep, HaveSleptUntilThen) {
  REQUIRE_KERNEL_SAMPLING();
  expect_waits({"asleep_at_end", "asleep", "20"}, [](const Waited& waited) -> AssertionResult {
    const auto truth = waited.recorded.truth["wait_s"].get<double>();
    double off_s = 0;
    for (const auto& [tid, schedule] : schedules(waited.recorded.profile))
      off_s += schedule.off_cpu_s();
    // The main thread sleeps likewise.
    const auto real_s = waited.report["time"]["real_s"].get<double>();
    if (off_s < truth || off_s > 1.02 * truth + real_s + kTickS) {
      return AssertionFailure() << off_s << " s off the CPU, in truth " << truth << " and at most "
                                << real_s;
    }
    return is_near("sleep", waited_s(waited.report, "sleep"), off_s);
  });
}

TEST(ThousandsOfThreads, AreAllAccountedFor) {
  REQUIRE_SAMPLING();
  expect_waits({"asleep_at_end", "short", "3000"}, [](const Waited& waited) -> AssertionResult {
    const Profile& profile = waited.recorded.profile;
    EXPECT_EQ(profile.run.losses.intervals_unknown, 0U);
    const auto threads = schedules(profile);
    EXPECT_EQ(threads.size(), 3001U);
    const auto real_s = waited.report["time"]["real_s"].get<double>();
    int never_blocked = 0;  // It may be held up until its nap is over.
    for (const auto& [tid, schedule] : threads) {
      EXPECT_LE(schedule.lifetime_s, real_s + kTickS) << tid;
      EXPECT_GT(schedule.on_cpu_s, 0) << tid;
      never_blocked += schedule.blocked_s > 0 ? 0 : 1;
    }
    EXPECT_LE(never_blocked, 30);
    for (const Wait& wait : profile.waits)
      EXPECT_LE(static_cast<double>(wait.ns) * 1e-9, 3001 * real_s);
    return AssertionSuccess();
  });
}

class OneThread : public ::testing::TestWithParam<std::vector<std::string>> {};
INSTANTIATE_TEST_SUITE_P(
    , OneThread,
    ::testing::Values(std::vector<std::string>{"known_waits", "sleep", "30"},
                      std::vector<std::string>{"known_waits", "disk", PROFILER_WORKLOADS, "200"},
                      std::vector<std::string>{"user_sys_ratio", "0.5", "0.5"}),
    [](const auto& test) { return test.param[0] + "Of" + std::to_string(test.index); });

TEST_P(OneThread, IsUserSysAndWaitAllTheTime) {
  REQUIRE_SAMPLING();
  expect_waits(GetParam(), [](const Waited& waited) -> AssertionResult {
    const json& time = waited.report["time"];
    const auto threads = schedules(waited.recorded.profile);
    if (threads.size() != 1) return AssertionFailure() << threads.size() << " threads";
    const Schedule& only = threads.begin()->second;
    EXPECT_EQ(time["threads"], 1);
    EXPECT_NEAR(time["wait_s"].get<double>(), only.off_cpu_s(), 1e-6);
    return is_near("user + sys + wait", only.on_cpu_s + time["wait_s"].get<double>(),
                   time["real_s"].get<double>(), 0.01);
  });
}

TEST(Schedules, AreThoseOfAThreadThatSlept) {
  REQUIRE_SAMPLING();
  // It is not seen to leave its CPU, nor to come back: it was there before, and stays.
  Command sleeper({"sleep", "60"}, {});
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  const TemporaryDirectory directory;
  const CommandResult recording =
      run(profiler({"record", "--wait", "-p", std::to_string(sleeper.pid()), "--duration", "1"}),
          {.directory = directory.path()});
  sleeper.signal(SIGKILL);
  ASSERT_EQ(recording.exit_status, 0) << recording.err;
  const auto profile = profile::read_profile(directory.file("profiler.data"));
  ASSERT_TRUE(profile) << profile.error().message();
  const auto threads = schedules(*profile);
  ASSERT_EQ(threads.size(), 1U);
  const Schedule& only = threads.begin()->second;
  const double seconds = static_cast<double>(profile->run.duration_ns) * 1e-9;
  EXPECT_TRUE(is_near("blocked", only.blocked_s, seconds));
  EXPECT_EQ(only.on_cpu_s, 0);
  EXPECT_TRUE(is_near("its lifetime", only.lifetime_s, seconds));
}

/// Seconds off the CPU by thread, as another tool saw the same run.
using OffCpu = std::map<Tid, double>;
constexpr const char* kCompared = "known_waits";

/// Of the threads of that name: what they did before they had it is nobody's concern. `missed`: the
/// share of the time that the other tool may have missed, which loses records where others keep the
/// machine busy, but makes none up. Kernels may keep switches away from some tasks to themselves:
/// of who comes after them it then sees nothing.
AssertionResult agrees(const Profile& ours, const OffCpu& theirs, double missed) {
  std::size_t compared = 0;
  for (const ThreadSchedule& row : ours.schedules) {
    const Thread& thread = ours.threads[row.thread];
    if (ours.text(thread.name) != kCompared) continue;
    const auto other = theirs.find(thread.tid);
    if (other == theirs.end()) return AssertionFailure() << "they know no thread " << thread.tid;
    ++compared;
    const double off_s = static_cast<double>(row.blocked_ns + row.runnable_ns) * 1e-9;
    CHECK_THAT(is_near("thread " + std::to_string(thread.tid), off_s,
                       std::clamp(off_s, other->second, other->second * (1 + missed))));
  }
  if (compared != theirs.size())
    return AssertionFailure() << compared << " threads, of theirs " << theirs.size();
  return AssertionSuccess();
}

/// `compare` makes a recording in the directory, and says what another tool saw of it; none: it
/// cannot here.
void expect_agreement(double missed,
                      const std::function<OffCpu(const std::string& directory)>& compare) {
  AssertionResult result = AssertionFailure();
  for (int i = 0; i < 8 && !result; ++i) {
    const TemporaryDirectory directory;
    const OffCpu theirs = compare(directory.path());
    if (theirs.empty()) GTEST_SKIP() << "the other tool is missing, or sees nothing here";
    const auto profile = profile::read_profile(directory.file("profiler.data"));
    ASSERT_TRUE(profile) << profile.error().message();
    result = agrees(*profile, theirs, missed);
    if (!result) std::cerr << "[  RETRY   ] " << result.message() << std::endl;
  }
  EXPECT_TRUE(result);
}

TEST(Schedules, AgreeWithPerfSchedTimehist) {
  REQUIRE_KERNEL_SAMPLING();
  expect_agreement(0.1, [](const std::string& directory) {
    const CommandResult recording =
        run(profiler({"record", "--wait", "-q", "--", "perf", "sched", "record", "-o", "perf.data",
                      workload(kCompared), "socket", "40"}),
            {.directory = directory});
    const CommandResult history =
        run({"perf", "sched", "timehist", "-i", directory + "/perf.data"});
    OffCpu off;
    // "48420.934129 [0001]  known_waits[20903]   0.398   0.008   0.434": it ran for 0.434 ms, after
    // a wait of 0.398 ms.
    static const std::regex kRow(
        R"( *[0-9.]+ \[\d+\] +known_waits\[(\d+)(?:/\d+)?\] +([0-9.]+) +[0-9.]+ +[0-9.]+.*)");
    std::istringstream lines(history.out);
    for (std::string line; std::getline(lines, line);) {
      std::smatch fields;
      if (std::regex_match(line, fields, kRow))
        off[std::stoi(fields[1])] += std::stod(fields[2]) * 1e-3;
    }
    return off;
  });
}

TEST(Schedules, AgreeWithBpftrace) {
  REQUIRE_KERNEL_SAMPLING();
  expect_agreement(0, [](const std::string& directory) {
    const std::string out = directory + "/off";
    std::string line;
    for (const std::string& word :
         profiler({"record", "--wait", "-q", "--", workload(kCompared), "socket", "40"}))
      line += (line.empty() ? "" : " ") + word;
    const CommandResult bpftrace =
        run({"bpftrace", "-o", out, "-c", line, "-e",
             "tracepoint:sched:sched_switch { "
             "$left = @left[args->next_pid]; "
             "if ($left != 0) { @off[args->next_pid] = @off[args->next_pid] + nsecs - $left; "
             "delete(@left[args->next_pid]); } "
             "if (args->prev_comm == \"known_waits\") { @left[args->prev_pid] = nsecs; } } "
             "END { clear(@left); }"},
            {.directory = directory});
    OffCpu off;
    const std::string text = bpftrace.exit_status == 0 ? read_bytes(out) : "";
    static const std::regex kRow(R"(@off\[(\d+)\]: (\d+))");
    for (std::sregex_iterator row(text.begin(), text.end(), kRow); row != std::sregex_iterator();
         ++row)
      off[std::stoi((*row)[1])] = std::stod((*row)[2]) * 1e-9;
    return off;
  });
}

}  // namespace
}  // namespace profiler::test
