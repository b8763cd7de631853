#include "tests/integration/waited.h"

#include <algorithm>
#include <cmath>
#include <iostream>

namespace profiler::test {

using ::testing::AssertionFailure;
using ::testing::AssertionResult;
using ::testing::AssertionSuccess;

namespace {

/// What a context switch may take where it is recorded.
constexpr double kSwitchS = 10e-6;

}  // namespace

AssertionResult is_near(const std::string& what, double recorded, double truth, double share) {
  const double bound = std::max(share * truth, kTickS);
  if (std::abs(recorded - truth) <= bound) return AssertionSuccess();
  return AssertionFailure() << what << ": recorded " << recorded << " s, in truth " << truth
                            << " ± " << bound << " s";
}

std::map<Tid, Schedule> schedules(const Profile& profile) {
  std::map<Tid, Schedule> by_tid;
  for (const ThreadSchedule& row : profile.schedules) {
    Schedule& sum = by_tid[profile.threads[row.thread].tid];
    const auto add = [](double& to, std::uint64_t ns) { to += static_cast<double>(ns) * 1e-9; };
    add(sum.lifetime_s, row.last_ns - row.first_ns);
    add(sum.on_cpu_s, row.on_cpu_ns);
    add(sum.blocked_s, row.blocked_ns);
    add(sum.runnable_s, row.runnable_ns);
    add(sum.unknown_s, row.unknown_ns);
    sum.switches += row.voluntary + row.preempted;
    sum.migrations += row.migrations;
  }
  return by_tid;
}

Schedule schedule_of(const Profile& profile, const std::string& name) {
  for (const Thread& thread : profile.threads)
    if (profile.text(thread.name) == name) return schedules(profile).at(thread.tid);
  ADD_FAILURE() << "no thread " << name;
  return {};
}

double waited_s(const json& report, const std::string& name) {
  for (const json& row : report["waits"])
    if (row["class"] == name) return row["wait_s"].get<double>();
  return 0;
}

json wait_row(const json& report, const std::string& name) {
  for (const json& row : report["waits"])
    if (row["class"] == name) return row;
  return nullptr;
}

void expect_waits(const std::vector<std::string>& words,
                  const std::function<AssertionResult(const Waited&)>& is_true,
                  const WaitRecording& recording) {
  std::vector<std::string> options = {recording.option, "-F", "999"};
  options.insert(options.end(), recording.more_options.begin(), recording.more_options.end());
  AssertionResult result = AssertionSuccess();
  for (int i = 0; i < recording.tries; ++i) {
    Waited waited{.recorded = record_workload(words, options, recording.how), .report = {}};
    waited.report = waited.recorded.report();
    ASSERT_EQ(waited.recorded.profile.run.losses.switches_lost, 0U);
    result = is_true(waited);
    if (result) return;
    std::cerr << "[  RETRY   ] " << result.message() << std::endl;
  }
  FAIL() << result.message();
}

AssertionResult classes_are_true(const Waited& waited) {
  const json& truth = waited.recorded.truth["waits"];
  const double preempted_s = waited_s(waited.report, "runnable");
  for (const auto& [name, seconds] : truth.items()) {
    const auto true_s = seconds.get<double>();
    const double recorded_s = waited_s(waited.report, name);
    CHECK_THAT(is_near(name, std::clamp(true_s, recorded_s, recorded_s + preempted_s), true_s));
  }
  double all = 0;
  for (const json& row : waited.report["waits"]) {
    const std::string name = row["class"];
    const auto recorded_s = row["wait_s"].get<double>();
    EXPECT_GE(recorded_s, 0) << name;
    all += recorded_s;
    // A CPU and the program's own pages may be waited for at any time.
    if (truth.contains(name) || name == "runnable" || name == "disk") continue;
    CHECK_THAT(is_near(name, recorded_s, 0));
  }
  EXPECT_NEAR(all, waited.report["time"]["wait_s"].get<double>(), 1e-6);
  return AssertionSuccess();
}

// Not more than the thread that measures itself: it is born before it looks at its clock.
AssertionResult threads_are_true(const Waited& waited) {
  for (const auto& [name, truth] : waited.recorded.truth["threads"].items()) {
    const Schedule schedule = schedule_of(waited.recorded.profile, name);
    const auto cpu_s = truth["cpu_s"].get<double>();
    const auto lifetime_s = truth["lifetime_s"].get<double>();
    EXPECT_NEAR(schedule.on_cpu_s + schedule.off_cpu_s() + schedule.unknown_s, schedule.lifetime_s,
                1e-6)
        << name;
    // Of a switch that was told late or not at all.
    CHECK_THAT(is_near(name + " is not known", schedule.unknown_s, 0));
    // Switching itself is the thread's by its clock, as far as the kernel does it before or after
    // telling of it.
    const double between_s = static_cast<double>(schedule.switches) * kSwitchS;
    CHECK_THAT(is_near(name + " on a CPU",
                       std::clamp(cpu_s, schedule.on_cpu_s, schedule.on_cpu_s + between_s), cpu_s));
    CHECK_THAT(is_near(name + "'s lifetime", schedule.lifetime_s, lifetime_s, 0.01));
    const double off_s = lifetime_s - cpu_s;
    CHECK_THAT(is_near(name + " off it",
                       std::clamp(off_s, schedule.off_cpu_s() - between_s, schedule.off_cpu_s()),
                       off_s));
  }
  return AssertionSuccess();
}

}  // namespace profiler::test
