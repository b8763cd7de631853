#include "view/syscall_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cmath>
#include <string>
#include <vector>

#include "tests/support/profile_builder.h"

namespace profiler::view {
namespace {

using test::ProfileBuilder;
using testing::ElementsAre;

constexpr std::uint64_t kMs = 1'000'000;

std::vector<std::string> names(const SyscallTable& table) {
  std::vector<std::string> text;
  for (const SyscallTableRow& row : table.rows) text.push_back(row.group + '/' + row.name);
  return text;
}

TEST(SyscallTable, SharesAreOfWhatTheKernelChargedOrElseOfTheSum) {
  ProfileBuilder builder;
  builder.counted({.name = "read", .cpu_ns = 3 * kMs, .durations = {{1000, 5}}})
      .counted({.name = "write", .cpu_ns = 4 * kMs, .durations = {{2000, 7}}});
  SyscallTable table = syscall_table(builder.build(), SyscallGrouping::kNone);
  EXPECT_EQ(table.calls, 12U);
  EXPECT_EQ(table.wall_ns, 19'000U);
  EXPECT_EQ(table.cpu_ns, 7 * kMs);
  EXPECT_EQ(table.sys_ns, 7 * kMs);
  EXPECT_FALSE(table.sys_is_charged);

  builder.charged(20 * kMs, 5 * kMs, 9 * kMs);
  table = syscall_table(builder.build(), SyscallGrouping::kNone);
  EXPECT_EQ(table.sys_ns, 9 * kMs);
  EXPECT_TRUE(table.sys_is_charged);

  builder.charged(20 * kMs, 5 * kMs, 0);
  table = syscall_table(builder.build(), SyscallGrouping::kNone);
  EXPECT_EQ(table.sys_ns, 7 * kMs) << "a clock that saw nothing is none to take shares of";
  EXPECT_FALSE(table.sys_is_charged);
  EXPECT_THAT(names(table), ElementsAre("/write", "/read"));
}

TEST(SyscallTable, HasMeanAndDeviationOfAllCalls) {
  const Profile profile =
      ProfileBuilder().counted({.name = "read", .durations = {{100, 3}, {500, 1}}}).build();
  const SyscallTableRow row = syscall_table(profile, SyscallGrouping::kNone).rows.at(0);
  EXPECT_DOUBLE_EQ(row.mean_ns, 200);
  EXPECT_DOUBLE_EQ(row.stddev_ns, std::sqrt((3 * 100.0 * 100 + 300.0 * 300) / 4));
  EXPECT_EQ(row.min_ns, 100U);
  EXPECT_EQ(row.max_ns, 500U);
}

TEST(SyscallTable, HasPercentilesFromThirtyCallsOn) {
  const auto p99 = [](std::uint64_t calls) {
    const Profile profile =
        ProfileBuilder()
            .counted({.name = "read", .durations = {{1000, calls - 1}, {1'000'000, 1}}})
            .build();
    return syscall_table(profile, SyscallGrouping::kNone).rows.at(0).p99_ns;
  };
  EXPECT_FALSE(p99(29));
  ASSERT_TRUE(p99(30));
  EXPECT_EQ(DurationHistogram::bucket(*p99(30)), DurationHistogram::bucket(1'000'000));
  EXPECT_EQ(DurationHistogram::bucket(*p99(200)), DurationHistogram::bucket(1000));
}

Profile of_two_threads() {
  return [] {
    ProfileBuilder builder;
    builder.account().grouping = SyscallGrouping::kThread;
    return builder
        .counted({.name = "read",
                  .cpu_ns = 5 * kMs,
                  .durations = {{100, 20}, {900, 1}},
                  .errors = {{EAGAIN, 2}, {EINTR, 1}},
                  .restarts = 1,
                  .group = "a",
                  .group_id = 1})
        .called_by("main;f#3;read@libc.so.6", 21, 2'900, 5 * kMs)
        .counted(
            {.name = "close", .cpu_ns = kMs, .durations = {{7, 1}}, .group = "a", .group_id = 1})
        .counted({.name = "read",
                  .cpu_ns = 2 * kMs,
                  .durations = {{50, 10}},
                  .errors = {{EINTR, 4}},
                  .restarts = 2,
                  .group = "b",
                  .group_id = 2})
        .called_by("main;f#3;read@libc.so.6", 4, 200, kMs)
        .called_by("main;g#9;read@libc.so.6", 6, 300, kMs)
        .build();
  }();
}

TEST(SyscallTable, HasARowForEachCallOfEachGroupItWasCountedBy) {
  const SyscallTable table = syscall_table(of_two_threads(), SyscallGrouping::kThread);
  EXPECT_THAT(names(table), ElementsAre("a/read", "b/read", "a/close"));
  EXPECT_THAT(table.rows[0].errnos, ElementsAre(SyscallErrno{EAGAIN, 2}, SyscallErrno{EINTR, 1}));
}

TEST(SyscallTable, AddsGroupsUpWhereTheyAreNotWanted) {
  for (const auto by : {SyscallGrouping::kNone, SyscallGrouping::kProcess}) {
    const SyscallTable table = syscall_table(of_two_threads(), by);
    ASSERT_THAT(names(table), ElementsAre("/read", "/close"));
    const SyscallTableRow& read = table.rows[0];
    EXPECT_EQ(read.calls, 31U);
    EXPECT_EQ(read.errors, 7U);
    EXPECT_EQ(read.restarts, 3U);
    EXPECT_EQ(read.cpu_ns, 7 * kMs);
    EXPECT_EQ(read.min_ns, 50U);
    EXPECT_EQ(read.max_ns, 900U);
    EXPECT_DOUBLE_EQ(read.mean_ns, (20 * 100 + 900 + 10 * 50) / 31.0);
    EXPECT_TRUE(read.p50_ns);
    EXPECT_THAT(read.errnos, ElementsAre(SyscallErrno{EINTR, 5}, SyscallErrno{EAGAIN, 2}));
    ASSERT_EQ(read.callers.size(), 2U);
    EXPECT_EQ(read.callers[0].function, "f");
    EXPECT_EQ(read.callers[0].line, 3U);
    EXPECT_EQ(read.callers[0].calls, 25U);
    EXPECT_EQ(read.callers[0].cpu_ns, 6 * kMs);
    EXPECT_EQ(read.callers[1].function, "g");
  }
}

TEST(SyscallTable, ShortestOfACallThatNeverEndedIsNone) {
  ProfileBuilder builder;
  builder.account().grouping = SyscallGrouping::kThread;
  const Profile profile =
      builder.counted({.name = "futex", .calls = 1, .unfinished = 1, .group = "a", .group_id = 1})
          .counted({.name = "futex", .durations = {{70, 2}}, .group = "b", .group_id = 2})
          .counted({.name = "futex", .calls = 1, .unfinished = 1, .group = "c", .group_id = 3})
          .build();
  const SyscallTable table = syscall_table(profile, SyscallGrouping::kNone);
  EXPECT_EQ(table.rows.at(0).min_ns, 70U);
  EXPECT_EQ(table.rows.at(0).unfinished, 2U);
}

TEST(SyscallTable, KeepsCallsOfOtherAbisApart) {
  const Profile profile =
      ProfileBuilder()
          .counted({.name = "read", .cpu_ns = 3, .durations = {{1, 1}}})
          .counted({.name = "read",
                    .cpu_ns = 2,
                    .durations = {{1, 1}},
                    .number = 3,
                    .abi = SyscallAbi::kCompat32})
          .counted({.name = "read", .cpu_ns = 1, .durations = {{1, 1}}, .abi = SyscallAbi::kX32})
          .build();
  const SyscallTable table = syscall_table(profile, SyscallGrouping::kNone);
  ASSERT_EQ(table.rows.size(), 3U);
  EXPECT_EQ(syscall_label(table.rows[0]), "read");
  EXPECT_EQ(syscall_label(table.rows[1]), "read (32-bit)");
  EXPECT_EQ(syscall_label(table.rows[2]), "read (x32)");
}

TEST(SyscallTable, IsSortedByWhatIsWanted) {
  const Profile profile =
      ProfileBuilder()
          .counted({.name = "a", .cpu_ns = 9, .durations = {{10, 5}}, .errors = {{1, 1}}})
          .counted({.name = "b", .cpu_ns = 8, .durations = {{100, 1}}, .errors = {{1, 3}}})
          .counted({.name = "c", .cpu_ns = 7, .durations = {{1, 40}, {60, 1}}, .errors = {{1, 2}}})
          .build();
  SyscallTable table = syscall_table(profile, SyscallGrouping::kNone);
  const auto sorted = [&](SyscallSort key) {
    sort_syscalls(table, key);
    std::string text;
    for (const SyscallTableRow& row : table.rows) text += row.name;
    return text;
  };
  EXPECT_EQ(sorted(SyscallSort::kCpu), "abc");
  EXPECT_EQ(sorted(SyscallSort::kWall), "bca");  // 100, 100, 50: by name where equal.
  EXPECT_EQ(sorted(SyscallSort::kCalls), "cab");
  EXPECT_EQ(sorted(SyscallSort::kErrors), "bca");
  EXPECT_EQ(sorted(SyscallSort::kMean), "bac");
  EXPECT_EQ(sorted(SyscallSort::kMax), "bca");
  EXPECT_EQ(sorted(SyscallSort::kP99), "cab");
  EXPECT_EQ(sorted(SyscallSort::kName), "abc");
}

TEST(SyscallTable, CallersTreeGoesFromTheCallOutwards) {
  const Profile profile = of_two_threads();
  const SyscallTable table = syscall_table(profile, SyscallGrouping::kNone);
  const CallTree tree = syscall_callers(profile, table.rows.at(0), 0);
  EXPECT_EQ(tree.nodes[0].total.samples, 31U);
  EXPECT_EQ(tree.nodes[0].total.sys, 7 * kMs);
  ASSERT_EQ(tree.nodes[0].children.size(), 1U);
  const TreeNode& wrapper = tree.nodes[tree.nodes[0].children[0]];
  EXPECT_EQ(label(profile, wrapper.entry), "read");
  ASSERT_EQ(wrapper.children.size(), 2U);
  const TreeNode& f = tree.nodes[wrapper.children[0]];
  EXPECT_EQ(label(profile, f.entry), "f");
  EXPECT_EQ(f.total.samples, 25U);
  ASSERT_EQ(f.children.size(), 1U);
  EXPECT_EQ(label(profile, tree.nodes[f.children[0]].entry), "main");
}

TEST(SyscallTable, OfNothingIsEmpty) {
  const SyscallTable table = syscall_table(Profile(), SyscallGrouping::kThread);
  EXPECT_TRUE(table.rows.empty());
  EXPECT_EQ(table.sys_ns, 0U);
}

}  // namespace
}  // namespace profiler::view
