#include "sched/thread_states.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <random>

namespace profiler::sched {
namespace {

constexpr Tid kTid = 7;

TEST(ThreadStates, OfAThreadFollowEachOtherWithoutAGap) {
  ThreadStates threads;
  threads.begin(kTid, 100, ThreadState::kRunnable);
  const Interval born = threads.switch_in(kTid, 130, 0);
  EXPECT_EQ(born.state, ThreadState::kRunnable);
  EXPECT_EQ(born.ns(), 30U);
  const Interval ran = threads.switch_out(kTid, 200, 0, false);
  EXPECT_EQ(ran.state, ThreadState::kOnCpu);
  EXPECT_EQ(ran.ns(), 70U);
  const Interval waited = threads.switch_in(kTid, 1200, 0);
  EXPECT_EQ(waited.state, ThreadState::kBlocked);
  EXPECT_EQ(waited.ns(), 1000U);
  threads.switch_out(kTid, 1300, 0, true);
  const Interval preempted = threads.switch_in(kTid, 1350, 0);
  EXPECT_EQ(preempted.state, ThreadState::kRunnable);
  EXPECT_EQ(preempted.ns(), 50U);
  const auto last = threads.end(kTid, 1400);
  ASSERT_TRUE(last);
  EXPECT_EQ(last->state, ThreadState::kOnCpu);
  EXPECT_EQ(last->ns(), 50U);
  EXPECT_EQ(threads.incomplete(), 0U);
  EXPECT_EQ(threads.size(), 0U);
}

TEST(ThreadStates, OfAWokenThreadAreOfWaitingForACpuFromThenOn) {
  ThreadStates threads;
  threads.switch_out(kTid, 100, 0, false);
  const auto slept = threads.wake(kTid, 400);
  ASSERT_TRUE(slept);
  EXPECT_EQ(slept->state, ThreadState::kBlocked);
  EXPECT_EQ(slept->ns(), 300U);
  const Interval delayed = threads.switch_in(kTid, 450, 1);
  EXPECT_EQ(delayed.state, ThreadState::kRunnable);
  EXPECT_EQ(delayed.ns(), 50U);
  EXPECT_TRUE(delayed.migrated);
  EXPECT_FALSE(threads.wake(kTid, 460)) << "it is on a CPU";
  threads.switch_out(kTid, 500, 1, true);
  EXPECT_FALSE(threads.wake(kTid, 510)) << "it was preempted";
  threads.switch_in(kTid, 520, 1);
  threads.switch_out(kTid, 600, 1, false);
  EXPECT_FALSE(threads.wake(kTid, 590)) << "of a wait before this one";
  EXPECT_EQ(threads.switch_in(kTid, 700, 1).ns(), 100U);
  EXPECT_EQ(threads.incomplete(), 0U);
}

TEST(ThreadStates, OfAThreadThatExistedBeforeAreWhatItsFirstRecordTells) {
  ThreadStates threads;
  threads.begin(1, 0, ThreadState::kUnknown);
  threads.begin(2, 0, ThreadState::kUnknown);
  const Interval slept = threads.switch_in(1, 500, 0);
  EXPECT_EQ(slept.state, ThreadState::kBlocked) << "it came onto a CPU, so it was off it";
  EXPECT_EQ(slept.ns(), 500U);
  const Interval ran = threads.switch_out(2, 700, 1, false);
  EXPECT_EQ(ran.state, ThreadState::kOnCpu) << "it left a CPU, so it was on it";
  EXPECT_EQ(ran.ns(), 700U);
  EXPECT_EQ(threads.incomplete(), 0U);
}

TEST(ThreadStates, OfAThreadThatNobodyAnnouncedBeginWithItsFirstRecord) {
  ThreadStates threads;
  const Interval in = threads.switch_in(kTid, 1'000'000, 0);
  EXPECT_EQ(in.begin_ns, 1'000'000U);
  EXPECT_EQ(in.ns(), 0U);
  EXPECT_EQ(threads.switch_out(kTid, 1'000'300, 0, false).ns(), 300U);
  EXPECT_EQ(threads.switch_out(8, 2'000'000, 0, false).ns(), 0U);
  EXPECT_EQ(threads.incomplete(), 0U);
}

TEST(ThreadStates, OfAThreadThatIsAnnouncedAgainGoOn) {
  ThreadStates threads;
  threads.begin(kTid, 100, ThreadState::kRunnable);
  threads.switch_in(kTid, 110, 0);
  threads.begin(kTid, 150, ThreadState::kUnknown);
  const Interval ran = threads.switch_out(kTid, 200, 0, false);
  EXPECT_EQ(ran.state, ThreadState::kOnCpu);
  EXPECT_EQ(ran.ns(), 90U);
}

TEST(ThreadStates, EndAsleepWhereTheThreadDoes) {
  ThreadStates threads;
  threads.begin(kTid, 0, ThreadState::kRunnable);
  threads.switch_in(kTid, 10, 0);
  threads.switch_out(kTid, 20, 0, false);
  const auto last = threads.end(kTid, 1000);
  ASSERT_TRUE(last);
  EXPECT_EQ(last->state, ThreadState::kBlocked);
  EXPECT_EQ(last->ns(), 980U);
  EXPECT_FALSE(last->incomplete);
  EXPECT_FALSE(threads.knows(kTid));
  EXPECT_FALSE(threads.end(kTid, 1001)) << "it has ended already";
}

TEST(ThreadStates, StillOpenAtTheEndAreNotForgotten) {
  ThreadStates threads;
  threads.begin(1, 0, ThreadState::kRunnable);
  threads.switch_in(1, 10, 0);
  threads.begin(2, 0, ThreadState::kRunnable);
  threads.switch_in(2, 20, 1);
  threads.switch_out(2, 30, 1, false);
  std::map<Tid, Interval> open;
  for (const auto& [tid, interval] : threads.finish(1000)) open[tid] = interval;
  ASSERT_EQ(open.size(), 2U);
  EXPECT_EQ(open[1].state, ThreadState::kOnCpu);
  EXPECT_EQ(open[1].ns(), 990U);
  EXPECT_EQ(open[2].state, ThreadState::kBlocked);
  EXPECT_EQ(open[2].ns(), 970U);
  EXPECT_EQ(threads.size(), 0U);
}

TEST(ThreadStates, OfAThreadThatNeverSwitchesAreWhatItWasSeenToDo) {
  ThreadStates threads;
  threads.begin(1, 100, ThreadState::kUnknown);
  threads.begin(2, 100, ThreadState::kUnknown);
  threads.ran(2);
  for (const auto& [tid, interval] : threads.finish(1000)) {
    EXPECT_EQ(interval.state, tid == 1 ? ThreadState::kBlocked : ThreadState::kOnCpu);
    EXPECT_EQ(interval.ns(), 900U);
  }
  EXPECT_EQ(threads.incomplete(), 0U);
}

TEST(ThreadStates, CanBeAskedForBeforeTheyEnd) {
  ThreadStates threads;
  threads.begin(kTid, 0, ThreadState::kRunnable);
  threads.switch_in(kTid, 10, 0);
  const Interval so_far = threads.so_far(kTid, 50);
  EXPECT_EQ(so_far.state, ThreadState::kOnCpu);
  EXPECT_EQ(so_far.ns(), 40U);
  EXPECT_EQ(threads.switch_out(kTid, 60, 0, false).ns(), 10U);
  EXPECT_EQ(threads.so_far(99, 60).ns(), 0U) << "it is not known";
}

TEST(ThreadStates, AreNeverNegativeWhenTheClockGoesBack) {
  ThreadStates threads;
  threads.begin(kTid, 1000, ThreadState::kRunnable);
  const Interval before = threads.switch_in(kTid, 900, 0);
  EXPECT_EQ(before.begin_ns, 1000U);
  EXPECT_EQ(before.end_ns, 1000U);
  threads.switch_out(kTid, 2000, 0, false);
  const Interval back = threads.switch_in(kTid, 1500, 0);
  EXPECT_EQ(back.ns(), 0U);
  const Interval on = threads.switch_out(kTid, 2100, 0, false);
  EXPECT_EQ(on.ns(), 100U) << "time that was counted once is not counted again";
  const auto last = threads.end(kTid, 0);
  ASSERT_TRUE(last);
  EXPECT_EQ(last->ns(), 0U);
}

TEST(ThreadStates, AreUnknownWhereASwitchWasLost) {
  ThreadStates threads;
  threads.begin(kTid, 0, ThreadState::kRunnable);
  threads.switch_in(kTid, 10, 0);
  const Interval again = threads.switch_in(kTid, 100, 0);
  EXPECT_EQ(again.state, ThreadState::kUnknown) << "that it left its CPU was not told";
  EXPECT_TRUE(again.incomplete);
  EXPECT_EQ(threads.switch_out(kTid, 150, 0, false).state, ThreadState::kOnCpu)
      << "from then on all is known";
  const Interval out = threads.switch_out(kTid, 200, 0, false);
  EXPECT_EQ(out.state, ThreadState::kUnknown) << "that it came onto a CPU was not told";
  EXPECT_EQ(threads.switch_in(kTid, 300, 0).state, ThreadState::kBlocked);
  EXPECT_EQ(threads.incomplete(), 2U);
}

TEST(ThreadStates, ThatAreOpenWhenRecordsAreLostAreUnknown) {
  ThreadStates threads;
  threads.begin(1, 0, ThreadState::kRunnable);
  threads.switch_in(1, 10, 0);
  threads.begin(2, 0, ThreadState::kRunnable);
  threads.switch_in(2, 10, 1);
  threads.switch_out(2, 20, 1, false);
  threads.lose();
  threads.begin(3, 50, ThreadState::kRunnable);
  EXPECT_TRUE(threads.switch_out(1, 100, 0, false).incomplete);
  EXPECT_TRUE(threads.switch_in(2, 100, 1).incomplete);
  EXPECT_FALSE(threads.switch_in(3, 100, 0).incomplete) << "it began afterwards";
  EXPECT_FALSE(threads.switch_in(1, 200, 0).incomplete);
  EXPECT_EQ(threads.incomplete(), 2U);
}

TEST(ThreadStates, TellWhenAThreadComesOntoAnotherCpu) {
  ThreadStates threads;
  threads.begin(kTid, 0, ThreadState::kRunnable);
  EXPECT_FALSE(threads.switch_in(kTid, 10, 3).migrated) << "it had not run before";
  EXPECT_FALSE(threads.switch_out(kTid, 20, 3, false).migrated);
  EXPECT_TRUE(threads.switch_in(kTid, 30, 1).migrated);
  threads.switch_out(kTid, 40, 1, true);
  EXPECT_FALSE(threads.switch_in(kTid, 50, 1).migrated);
}

TEST(ThreadStates, AddUpToTheLifetimeWhateverIsRecorded) {
  std::mt19937_64 random(6);
  const auto below = [&](std::uint64_t bound) { return random() % bound; };
  for (int round = 0; round < 200; ++round) {
    ThreadStates threads;
    struct Seen {
      std::uint64_t first = 0;
      std::uint64_t last = 0;
      std::uint64_t sum = 0;
    };
    std::map<Tid, Seen> seen;
    std::uint64_t incomplete = 0;
    const auto add = [&](Tid tid, const Interval& interval) {
      ASSERT_LE(interval.begin_ns, interval.end_ns);
      const auto [at, first] =
          seen.try_emplace(tid, Seen{.first = interval.begin_ns, .last = interval.begin_ns});
      ASSERT_EQ(interval.begin_ns, at->second.last) << "a gap, or an overlap";
      at->second.last = interval.end_ns;
      at->second.sum += interval.ns();
      incomplete += interval.incomplete ? 1 : 0;
      EXPECT_EQ(interval.incomplete, interval.state == ThreadState::kUnknown);
    };
    // Records of one CPU are in order; between CPUs, and over a suspended machine, clocks jump.
    std::uint64_t time = 1'000'000;
    for (int i = 0; i < 500; ++i) {
      time += below(1000);
      if (below(20) == 0) time -= below(5000);
      const Tid tid = static_cast<Tid>(1 + below(5));
      const auto cpu = static_cast<std::uint32_t>(below(4));
      switch (below(12)) {
        case 0:
          if (!threads.knows(tid)) seen.erase(tid);
          threads.begin(tid, time, ThreadState::kRunnable);
          break;
        case 1:
          threads.lose();
          break;
        case 2:
          if (const auto last = threads.end(tid, time)) add(tid, *last);
          seen.erase(tid);
          break;
        case 3:
        case 4:
        case 5:
        case 6:
          add(tid, threads.switch_out(tid, time, cpu, below(2) == 0));
          break;
        default:
          add(tid, threads.switch_in(tid, time, cpu));
      }
    }
    for (const auto& [tid, interval] : threads.finish(time)) add(tid, interval);
    for (const auto& [tid, thread] : seen) EXPECT_EQ(thread.sum, thread.last - thread.first) << tid;
    EXPECT_EQ(incomplete, threads.incomplete());
  }
}

}  // namespace
}  // namespace profiler::sched
