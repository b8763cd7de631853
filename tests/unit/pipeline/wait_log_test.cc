#include "pipeline/wait_log.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <numeric>

namespace profiler::pipeline {
namespace {

using sched::ThreadState;

constexpr std::uint64_t kStart = 1'000'000'000;
constexpr std::uint64_t kMs = 1'000'000;
constexpr Tid kTid = 7;

class WaitLogTest : public ::testing::Test {
 protected:
  WaitLogTest() {
    profile_.run.start_monotonic_ns = kStart;
    process_ = profile_.processes.push_back({.pid = kTid, .parent_pid = 1, .name = {}});
    thread_ = add_thread(process_);
  }
  ThreadIndex add_thread(ProcessIndex process) {
    return profile_.threads.push_back({.process = process, .tid = kTid, .name = {}});
  }
  StackIndex add_stack() { return profile_.stacks.push_back({}); }

  /// Times are since the start, in microseconds.
  void out(std::uint64_t us, bool preempted = false) { change(us, true, preempted); }
  void in(std::uint64_t us) { change(us, false, false); }
  void change(std::uint64_t us, bool is_out, bool preempted) {
    log_.on_switch(kTid, thread_,
                   {.context = {.time_ns = kStart + us * 1000, .pid = kTid, .tid = kTid},
                    .out = is_out,
                    .preempted = preempted});
  }
  void woken_and_in(std::uint64_t woken_us, std::uint64_t us) {
    log_.on_switch(kTid, thread_,
                   {.context = {.time_ns = kStart + us * 1000, .pid = kTid, .tid = kTid},
                    .woken_ns = kStart + woken_us * 1000});
  }
  void begin(std::uint64_t us, ThreadState state) {
    log_.begin(kTid, thread_, kStart + us * 1000, state);
  }
  void finish(std::uint64_t us) { log_.finish(kStart + us * 1000); }

  Profile profile_;
  WaitLog log_{profile_};
  ProcessIndex process_;
  ThreadIndex thread_;
};

TEST_F(WaitLogTest, MakesAWaitOfASwitchAwayAndBack) {
  const StackIndex stack = add_stack();
  begin(0, ThreadState::kRunnable);
  in(100);
  log_.sampled_at(kTid, stack);
  out(300);
  in(5'300);
  finish(6'000);

  ASSERT_EQ(profile_.waits.size(), 2U);
  EXPECT_EQ(profile_.waits[0], (Wait{.time_ns = kMs * 3 / 10,
                                     .ns = 5 * kMs,
                                     .count = 1,
                                     .thread = thread_,
                                     .stack = stack,
                                     .waker = {},
                                     .runnable = false}));
  EXPECT_TRUE(profile_.waits[1].runnable) << "its first wait for a CPU";
  ASSERT_EQ(profile_.schedules.size(), 1U);
  const ThreadSchedule& schedule = profile_.schedules[0];
  EXPECT_EQ(schedule.first_ns, 0U);
  EXPECT_EQ(schedule.last_ns, 6 * kMs);
  EXPECT_EQ(schedule.on_cpu_ns, 900'000U);
  EXPECT_EQ(schedule.blocked_ns, 5 * kMs);
  EXPECT_EQ(schedule.runnable_ns, 100'000U);
  EXPECT_EQ(schedule.voluntary, 1U);
  EXPECT_EQ(schedule.preempted, 0U);
}

TEST_F(WaitLogTest, DividesAWaitWhereTheThreadWasWoken) {
  const StackIndex stack = add_stack();
  begin(0, ThreadState::kOnCpu);
  log_.sampled_at(kTid, stack);
  out(100);
  woken_and_in(3'100, 5'100);
  out(6'000);
  woken_and_in(5'500, 7'000);  // Of a wait before this one: nothing is known of this.
  finish(7'000);

  ASSERT_EQ(profile_.waits.size(), 3U);
  EXPECT_EQ(profile_.waits[0].ns, 3 * kMs);
  EXPECT_FALSE(profile_.waits[0].runnable);
  EXPECT_EQ(profile_.waits[1].time_ns, kMs * 31 / 10);
  EXPECT_EQ(profile_.waits[1].ns, 2 * kMs);
  EXPECT_TRUE(profile_.waits[1].runnable);
  for (int i : {0, 1}) EXPECT_EQ(profile_.waits[static_cast<std::size_t>(i)].stack, stack) << i;
  EXPECT_FALSE(profile_.waits[2].runnable);
  EXPECT_FALSE(profile_.waits[2].stack);
  const ThreadSchedule& schedule = profile_.schedules[0];
  EXPECT_EQ(schedule.blocked_ns, 4 * kMs);
  EXPECT_EQ(schedule.runnable_ns, 2 * kMs);
  EXPECT_EQ(schedule.longest_delay_ns, 2 * kMs);
  EXPECT_EQ(schedule.delays.total(), 1U);
  EXPECT_EQ(schedule.voluntary, 2U);
}

TEST_F(WaitLogTest, GivesAStackToTheSwitchItBelongsToAndToNoOther) {
  const StackIndex stack = add_stack();
  begin(0, ThreadState::kOnCpu);
  out(10);
  log_.sampled_at(kTid, stack);  // Of the same time as the switch, and so perhaps after it.
  in(2'000);
  out(3'000);
  in(6'000);
  finish(6'000);
  ASSERT_EQ(profile_.waits.size(), 2U);
  EXPECT_EQ(profile_.waits[0].stack, stack);
  EXPECT_FALSE(profile_.waits[1].stack);
}

TEST_F(WaitLogTest, KeepsShortWaitsWithoutStacksTogether) {
  begin(0, ThreadState::kOnCpu);
  for (std::uint64_t us = 0; us < 100'000; us += 100) {
    out(us);
    in(us + 40);
  }
  finish(100'000);
  EXPECT_LE(profile_.waits.size(), 11U);
  std::uint64_t count = 0;
  std::uint64_t ns = 0;
  for (const Wait& wait : profile_.waits) {
    count += wait.count;
    ns += wait.ns;
  }
  EXPECT_EQ(count, 1000U);
  EXPECT_EQ(ns, 40 * kMs);
  EXPECT_EQ(profile_.schedules[0].blocked_ns, ns);
}

TEST_F(WaitLogTest, KeepsLongAndShortPreemptedAndBlockedApart) {
  begin(0, ThreadState::kOnCpu);
  out(10);
  in(20);
  out(30, true);
  in(40);
  out(50);
  in(850);
  finish(900);
  EXPECT_EQ(profile_.waits.size(), 3U);
}

TEST_F(WaitLogTest, NamesWhoEndedTheWait) {
  const StackIndex waker = add_stack();
  begin(0, ThreadState::kOnCpu);
  log_.woken_by(kTid, waker);  // It does not wait.
  out(10);
  in(20);
  out(30);
  log_.woken_by(kTid, waker);
  in(40);
  finish(50);
  ASSERT_EQ(profile_.waits.size(), 2U);
  EXPECT_EQ(profile_.waits[0].waker, waker);
  EXPECT_EQ(profile_.waits[0].time_ns, 30'000U);
  EXPECT_FALSE(profile_.waits[1].waker);
}

TEST_F(WaitLogTest, FollowsAThreadThatExitsToItsLastSwitch) {
  begin(0, ThreadState::kOnCpu);
  log_.on_exit(kTid, kStart + 10'000);
  out(20);  // It gives back what it has, and waits for that.
  in(2'020);
  out(2'030);  // For good.
  finish(9'000);
  ASSERT_EQ(profile_.schedules.size(), 1U);
  EXPECT_EQ(profile_.schedules[0].last_ns, 2'030'000U);
  EXPECT_EQ(profile_.schedules[0].on_cpu_ns, 30'000U);
  EXPECT_EQ(profile_.schedules[0].blocked_ns, 2 * kMs);
  EXPECT_EQ(profile_.waits.size(), 1U);
}

TEST_F(WaitLogTest, DoesNotTakeAnExitedThreadForTheNextOneOfItsNumber) {
  begin(0, ThreadState::kOnCpu);
  log_.on_exit(kTid, kStart + 10'000);
  out(20);
  thread_ = add_thread(profile_.processes.push_back({.pid = kTid, .parent_pid = 1, .name = {}}));
  begin(500, ThreadState::kRunnable);
  in(510);
  finish(600);
  ASSERT_EQ(profile_.schedules.size(), 2U);
  EXPECT_EQ(profile_.schedules[0].last_ns, 20'000U);
  EXPECT_EQ(profile_.schedules[1].first_ns, 500'000U);
  EXPECT_EQ(profile_.schedules[1].runnable_ns, 10'000U);
  EXPECT_EQ(profile_.schedules[1].on_cpu_ns, 90'000U);
}

TEST_F(WaitLogTest, MissesNothingOfAThreadThatHasExitedWhenRecordsAreLost) {
  begin(0, ThreadState::kOnCpu);
  log_.on_exit(kTid, kStart + 10'000);
  out(20);
  log_.lose();
  finish(600);
  EXPECT_EQ(profile_.run.losses.intervals_unknown, 0U);
  EXPECT_EQ(profile_.schedules[0].unknown_ns, 0U);
}

TEST_F(WaitLogTest, KnowsThatAThreadSleptOfWhichNothingWasSeen) {
  profile_.run.wait_coverage = WaitCoverage::kDurations;
  begin(0, ThreadState::kUnknown);
  finish(1'000);
  ASSERT_EQ(profile_.schedules.size(), 1U);
  EXPECT_EQ(profile_.schedules[0].blocked_ns, kMs);
}

TEST_F(WaitLogTest, KeepsOneScheduleForAThreadThatIsRenamed) {
  begin(0, ThreadState::kOnCpu);
  out(10);
  thread_ = add_thread(process_);
  in(20);
  finish(30);
  ASSERT_EQ(profile_.schedules.size(), 1U);
  EXPECT_EQ(profile_.schedules[0].thread, thread_);
  EXPECT_EQ(profile_.schedules[0].last_ns, 30'000U);
}

TEST_F(WaitLogTest, BeginsAScheduleForEachProgramAThreadBecomes) {
  begin(0, ThreadState::kOnCpu);
  log_.end(kTid, kStart + 10'000);
  thread_ = add_thread(profile_.processes.push_back({.pid = kTid, .parent_pid = 1, .name = {}}));
  begin(10, ThreadState::kOnCpu);
  out(20);
  finish(50);
  ASSERT_EQ(profile_.schedules.size(), 2U);
  EXPECT_EQ(profile_.schedules[0].on_cpu_ns, 10'000U);
  EXPECT_EQ(profile_.schedules[1].first_ns, 10'000U);
  EXPECT_EQ(profile_.schedules[1].blocked_ns, 30'000U) << "it was asleep at the end";
}

TEST_F(WaitLogTest, CountsWhatWasLostInsteadOfGuessingIt) {
  begin(0, ThreadState::kOnCpu);
  out(10);
  log_.lose();
  in(500);
  finish(600);
  EXPECT_TRUE(profile_.waits.empty());
  EXPECT_EQ(profile_.schedules[0].unknown_ns, 490'000U);
  EXPECT_EQ(profile_.schedules[0].blocked_ns, 0U);
  EXPECT_EQ(profile_.run.losses.intervals_unknown, 1U);
}

TEST_F(WaitLogTest, KnowsNothingWhereNoSwitchWasSeen) {
  begin(0, ThreadState::kUnknown);
  finish(1'000);
  EXPECT_TRUE(profile_.schedules.empty());
  EXPECT_TRUE(profile_.waits.empty());
}

TEST_F(WaitLogTest, TimesWaitsFromTheStartThatBecameKnownLast) {
  profile_.run.start_monotonic_ns = 0;
  begin(0, ThreadState::kUnknown);
  profile_.run.start_monotonic_ns = kStart;
  in(1'000);
  finish(3'000);
  EXPECT_EQ(profile_.schedules[0].first_ns, 0U);
  EXPECT_EQ(profile_.schedules[0].last_ns, 3 * kMs);
}

TEST_F(WaitLogTest, CondensesWaitsWithoutLosingAny) {
  const StackIndex stack = add_stack();
  begin(0, ThreadState::kOnCpu);
  for (std::uint64_t us = 0; us < 1'000'000; us += 4'000) {
    if (us % 8'000 == 0) log_.sampled_at(kTid, stack);
    out(us);
    in(us + 3'000);
  }
  EXPECT_EQ(profile_.waits.size(), 250U);
  log_.condense();
  EXPECT_EQ(profile_.waits.size(), 2U);
  EXPECT_EQ(profile_.waits[0].ns + profile_.waits[1].ns, 750 * kMs);
  EXPECT_EQ(profile_.waits[0].count + profile_.waits[1].count, 250U);
}

}  // namespace
}  // namespace profiler::pipeline
