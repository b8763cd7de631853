#include "view/wait_ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/profile_builder.h"
#include "view/filter.h"
#include "view/group_table.h"
#include "view/overview.h"
#include "view/thread_times.h"

namespace profiler::view {
namespace {

using test::ProfileBuilder;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::uint64_t kMs = 1'000'000;
constexpr const char* kFutex = "entry_SYSCALL_64;futex_do_wait;schedule;__schedule";

ThreadSchedule life(std::uint64_t on_cpu_ns, std::uint64_t blocked_ns) {
  ThreadSchedule schedule;
  schedule.on_cpu_ns = on_cpu_ns;
  schedule.blocked_ns = blocked_ns;
  return schedule;
}

TEST(WaitLedger, HasARowAClassWithTheCodeBehindIt) {
  const Profile profile =
      ProfileBuilder()
          .function("take", {.file = "take.c", .line = 3})
          .user("main", 5)
          .wait("main;take#7;pthread_mutex_lock@libc.so.6", kFutex, WaitClass::kLock, 2 * kMs, 3)
          .wait("main;drop#9;pthread_mutex_lock@libc.so.6", kFutex, WaitClass::kLock, 5 * kMs)
          .wait("main;nap@libc.so.6", "do_nanosleep;schedule", WaitClass::kSleep, 1 * kMs)
          .build();
  const Selection both = select_with_waits(profile, {});
  const std::vector<WaitRow> rows = wait_ledger(profile, both.samples);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].wait, WaitClass::kLock);
  EXPECT_EQ(rows[0].weight.wait, 11 * kMs);
  EXPECT_EQ(rows[0].weight.waits, 4U);
  EXPECT_EQ(rows[0].threads, 1U);
  ASSERT_EQ(rows[0].callers.size(), 2U);
  EXPECT_EQ(rows[0].callers[0].function, "take");
  EXPECT_EQ(rows[0].callers[0].file, "take.c");
  EXPECT_EQ(rows[0].callers[0].line, 7U);
  EXPECT_EQ(rows[0].callers[0].wait, 6 * kMs);
  EXPECT_EQ(rows[0].callers[0].waits, 3U);
  EXPECT_EQ(rows[1].callers[0].function, "main");
}

TEST(WaitLedger, AThreadOfSeveralNamesIsOneThread) {
  const Profile profile = ProfileBuilder()
                              .wait("main", kFutex, WaitClass::kLock, kMs)
                              .thread("renamed", 100)
                              .wait("main", kFutex, WaitClass::kLock, kMs)
                              .build();
  const Selection both = select_with_waits(profile, {});
  EXPECT_EQ(wait_ledger(profile, both.samples).at(0).threads, 1U);
}

/// A worker that did `on_cpu_ns` of work in 10 s, and waited in next() but for `elsewhere_ns`.
Profile pool(std::uint64_t on_cpu_ns, std::uint64_t elsewhere_ns) {
  constexpr std::uint64_t kLife = 10'000 * kMs;
  ProfileBuilder builder;
  builder.wait("main;join", kFutex, WaitClass::kLock, kLife).schedule(life(kMs, kLife));
  for (int i = 0; i < 3; ++i) {
    const std::uint64_t waited = kLife - on_cpu_ns;
    builder.thread("worker", 101 + i)
        .wait("work;next", kFutex, WaitClass::kLock, waited - elsewhere_ns)
        .schedule(life(on_cpu_ns, waited));
    if (elsewhere_ns != 0) builder.wait("work;save", kFutex, WaitClass::kDisk, elsewhere_ns);
  }
  return builder.build();
}

std::vector<std::uint64_t> idle_in(const Profile& profile) {
  const Selection both = select_with_waits(profile, {});
  std::vector<std::uint64_t> threads;
  for (const IdleThreads& pool : idle_threads(profile, both.samples))
    threads.push_back(pool.threads);
  return threads;
}

TEST(IdleThreads, DoNothingButWaitAtOnePlace) {
  EXPECT_THAT(idle_in(pool(99 * kMs, 90 * kMs)), ElementsAre(3));
  EXPECT_THAT(idle_in(pool(100 * kMs, 0)), IsEmpty()) << "1 % of their lives is work";
  EXPECT_THAT(idle_in(pool(0, 100 * kMs)), IsEmpty()) << "1 % of their waiting is elsewhere";
}

TEST(IdleThreads, AThreadOfSeveralNamesIsOne) {
  const Profile profile = ProfileBuilder()
                              .thread("prog", 101)
                              .wait("work;next", kFutex, WaitClass::kLock, 10 * kMs)
                              .schedule(life(0, 10 * kMs))
                              .thread("renamed", 101)
                              .wait("work;next", kFutex, WaitClass::kLock, 1000 * kMs)
                              .schedule(life(kMs, 1000 * kMs))
                              .build();
  EXPECT_THAT(idle_in(profile), ElementsAre(1));
}

TEST(IdleThreads, TheMainThreadIsNoneOfThem) {
  const Profile profile = ProfileBuilder()
                              .wait("main;nap", kFutex, WaitClass::kSleep, 1000 * kMs)
                              .schedule(life(kMs, 1000 * kMs))
                              .build();
  EXPECT_THAT(idle_in(profile), IsEmpty());
}

TEST(IdleThreads, LeaveTheOverviewsTables) {
  const Profile profile = pool(kMs, 0);
  const Selection both = select_with_waits(profile, {});
  const Overview all = overview(profile, both.samples);
  ASSERT_EQ(all.waits.size(), 1U);
  EXPECT_EQ(all.waits[0].weight.wait, 10'000 * kMs) << "the main thread's alone";
  ASSERT_EQ(all.idle.size(), 1U);
  EXPECT_EQ(all.idle[0].caller.function, "next");
  EXPECT_EQ(all.idle[0].weight.wait, 3 * (9'999 * kMs));
  for (const TableRow& row : all.functions) EXPECT_NE(row.label, "next");
  EXPECT_EQ(all.waited.threads, 4U);
  EXPECT_EQ(all.waited.wait_ns, 10'000 * kMs + 3 * (9'999 * kMs));
  // What is hidden and what is shown is all there is.
  EXPECT_EQ(all.waits[0].weight.wait + all.idle[0].weight.wait, all.sampled.wait);
}

TEST(ThreadTimes, AThreadThatWasNeverSeenElsewhereHasARow) {
  const Profile profile = ProfileBuilder()
                              .user("main", 3)
                              .sys("main", "entry", test::syscall("read"), 1)
                              .schedule(life(4 * kMs, 0))
                              .thread("brief", 101)
                              .schedule(life(8'000, 0))
                              .process("other", 200)
                              .schedule(life(100, 0))
                              .build();
  const Selection both = select_with_waits(profile, {});
  Table rows = group_table(profile, both.samples, GroupBy::kThread, {});
  ASSERT_EQ(rows.size(), 1U);
  add_thread_times(profile, {}, rows);
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].times->user_ns, 3 * kMs);
  EXPECT_EQ(rows[0].times->sys_ns, 1 * kMs);
  EXPECT_EQ(rows[1].label, "brief");
  // Divided like its process.
  EXPECT_EQ(rows[1].times->user_ns, 6'000U);
  EXPECT_EQ(rows[1].times->sys_ns, 2'000U);
  EXPECT_EQ(*rows[2].times->user_ns + *rows[2].times->sys_ns, 100U);
}

TEST(ThreadTimes, AreOfWholeThreadsOnly) {
  const Profile profile = ProfileBuilder()
                              .user("main", 3)
                              .schedule(life(3 * kMs, 0))
                              .thread("io", 101)
                              .schedule(life(2 * kMs, 0))
                              .build();
  const auto rows_of = [&](const Filter& filter) {
    Table rows;
    add_thread_times(profile, filter, rows);
    return rows.size();
  };
  EXPECT_EQ(rows_of({}), 2U);
  EXPECT_EQ(rows_of({.thread = "io"}), 1U);
  EXPECT_EQ(rows_of({.function = "main"}), 0U);
  EXPECT_EQ(rows_of({.from_ns = 1}), 0U);
}

}  // namespace
}  // namespace profiler::view
