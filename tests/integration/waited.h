// A workload that waits, recorded by the built program, and what it measured of its waiting against
// what the profile says.
//
//   expect_waits({"known_waits", "pipe", "40"}, classes_are_true);
//   schedules(recorded.profile).at(tid).off_cpu_s()
//   waited_s(report, "lock")
//
// Recordings are made again where others may have disturbed them: what is asserted is asserted of
// the last.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tests/integration/recorded.h"

namespace profiler::test {

/// Of the scheduler.
inline constexpr double kTickS = 0.004;

/// Within `share`, or one tick of the scheduler.
[[nodiscard]] ::testing::AssertionResult is_near(const std::string& what, double recorded,
                                                 double truth, double share = 0.02);

/// What one thread did with its time, under whatever names it had.
struct Schedule {
  double lifetime_s = 0;
  double on_cpu_s = 0;
  double blocked_s = 0;
  double runnable_s = 0;
  double unknown_s = 0;
  std::uint64_t switches = 0;
  std::uint64_t migrations = 0;
  [[nodiscard]] double off_cpu_s() const { return blocked_s + runnable_s; }
};

[[nodiscard]] std::map<Tid, Schedule> schedules(const Profile& profile);
/// The schedule of the thread of that name; a failure if there is none.
[[nodiscard]] Schedule schedule_of(const Profile& profile, const std::string& name);

/// Seconds of a class in a report's `waits`; 0 if there is no such row.
[[nodiscard]] double waited_s(const json& report, const std::string& name);
/// The row of a class; null if there is none.
[[nodiscard]] json wait_row(const json& report, const std::string& name);

struct Waited {
  Recorded recorded;
  json report;
};

/// How a workload is recorded.
struct WaitRecording {
  CommandOptions how = {};
  std::string option = "--wait";
  /// Others may disturb one recording, not each of so many.
  int tries = 3;
  std::vector<std::string> more_options = {};
};

/// Records the workload until what is found is true.
void expect_waits(const std::vector<std::string>& words,
                  const std::function<::testing::AssertionResult(const Waited&)>& is_true,
                  const WaitRecording& recording = {});

#define CHECK_THAT(result) \
  if (const ::testing::AssertionResult checked = (result); !checked) return checked

/// Every class that the workload measured; of others at most what starting a program takes. What it
/// measured holds the times too in which it was preempted on its way into and out of the wait.
[[nodiscard]] ::testing::AssertionResult classes_are_true(const Waited& waited);

/// Every thread that the workload measured: on a CPU, off it, and together its life.
[[nodiscard]] ::testing::AssertionResult threads_are_true(const Waited& waited);

}  // namespace profiler::test
