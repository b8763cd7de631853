#include "view/filter.h"

#include <gtest/gtest.h>

#include "tests/support/profile_builder.h"
#include "view/event_list.h"

namespace profiler::view {
namespace {

using test::ProfileBuilder;

constexpr std::uint64_t kMs = 1'000'000;

/// 2 + 3 + 4 + 5 samples, 1 ms apart.
Profile four_kinds() {
  return ProfileBuilder()
      .user("main;parse(int, char)", 2)
      .thread("worker", 101)
      .sys("main;read@libc.so.6", "entry;vfs_read", test::syscall("read"), 3)
      .process("cc1plus", 217)
      .sys("main;fill", "entry;copy_page", test::fault("anonymous"), test::syscall("mmap"), 4)
      .user("main;~tiny;leaf@libx.so", 5)
      .build();
}

std::size_t count(const Filter& filter) {
  static const Profile kProfile = four_kinds();
  return select(kProfile, filter).size();
}

TEST(Filter, SelectsEverythingUnlessTold) { EXPECT_EQ(count({}), 14U); }

TEST(Filter, MatchesProcessesByPartOfTheNameOrWholeNumber) {
  EXPECT_EQ(count({.process = "cc1"}), 9U);
  EXPECT_EQ(count({.process = "prog"}), 5U);
  EXPECT_EQ(count({.process = "217"}), 9U);
  EXPECT_EQ(count({.process = "21"}), 0U) << "part of a number is no match";
}

TEST(Filter, MatchesThreadsByPartOfTheNameOrWholeNumber) {
  EXPECT_EQ(count({.thread = "work"}), 3U);
  EXPECT_EQ(count({.thread = "101"}), 3U);
  EXPECT_EQ(count({.thread = "100"}), 2U);
}

TEST(Filter, MatchesModulesOfAnyFrame) {
  EXPECT_EQ(count({.module = "libc"}), 3U);
  EXPECT_EQ(count({.module = "libx.so"}), 5U);
  EXPECT_EQ(count({.module = "[kernel]"}), 7U);
  EXPECT_EQ(count({.module = "prog"}), 14U);
}

TEST(Filter, MatchesFunctionsOfAnyFrameInlinedAndKernelOnesToo) {
  EXPECT_EQ(count({.function = "parse(int, char)"}), 2U);
  EXPECT_EQ(count({.function = "tiny"}), 5U);
  EXPECT_EQ(count({.function = "vfs_"}), 3U);
  EXPECT_EQ(count({.function = "nowhere"}), 0U);
}

TEST(Filter, MatchesCauseAndEntryByKindOrName) {
  EXPECT_EQ(count({.cause = "read"}), 3U);
  EXPECT_EQ(count({.cause = "fault"}), 4U);
  EXPECT_EQ(count({.cause = "page fault"}), 4U);
  EXPECT_EQ(count({.cause = "anonymous"}), 4U);
  EXPECT_EQ(count({.cause = "mmap"}), 4U) << "the entry of those faults";
  EXPECT_EQ(count({.cause = "syscall"}), 7U);
}

TEST(Filter, TimeIsHalfOpen) {
  EXPECT_EQ(count({.from_ns = 2 * kMs, .until_ns = 5 * kMs}), 3U);
  EXPECT_EQ(count({.from_ns = 2 * kMs + 1, .until_ns = 4 * kMs}), 1U);
  EXPECT_EQ(count({.from_ns = 13 * kMs}), 1U);
}

TEST(Filter, SysOnlyLeavesOutUserTime) { EXPECT_EQ(count({.sys_only = true}), 7U); }

TEST(Filter, AllConditionsMustHold) {
  EXPECT_EQ(count({.process = "cc1plus", .cause = "fault", .sys_only = true}), 4U);
  EXPECT_EQ(count({.process = "prog", .cause = "fault"}), 0U);
}

TEST(Filter, KeepsOneEventOnly) {
  Profile profile = four_kinds();
  profile.samples[0].event = 1;
  EXPECT_EQ(select(profile, {}).size(), 13U);
  EXPECT_EQ(select(profile, {.event = 1}).size(), 1U);
}

TEST(EventList, CountsTheSamplesOfEachEventInItsUnit) {
  const Profile profile = ProfileBuilder()
                              .user("main", 3)
                              .another_event("page-faults")
                              .user("main", 2)
                              .another_event("cs")
                              .build();
  const std::vector<EventRow> events = event_list(profile);
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0].weight, (Weight{.user = 3'000'000, .samples = 3}));
  EXPECT_EQ(events[1].weight, (Weight{.user = 2, .samples = 2}));
  EXPECT_EQ(events[2].weight, Weight{});
  EXPECT_EQ(events[1].event->name, "page-faults");
}

TEST(EventList, ShowsTheFirstThatHasSamples) {
  ProfileBuilder builder;
  EXPECT_EQ(main_row(event_list(builder.profile())), 0U);
  builder.another_event("page-faults").another_event("cs").user("main", 2);
  EXPECT_EQ(main_row(event_list(builder.profile())), 2U);
  EXPECT_EQ(main_row({}), 0U);
}

TEST(Filter, SamplesWithoutThreadOrStackMatchNoConditionOnThem) {
  Profile profile = four_kinds();
  profile.samples[0].thread = {};
  profile.samples[0].stack = {};
  EXPECT_EQ(select(profile, {}).size(), 14U);
  EXPECT_EQ(select(profile, {.process = "prog"}).size(), 4U);
  EXPECT_EQ(select(profile, {.function = "parse"}).size(), 1U);
}

TEST(Filter, TakesTheNameOfAFunctionAsTablesShowItToo) {
  const Profile profile = ProfileBuilder()
                              .user("main;void f<std::vector<int, std::allocator<int> > >(int)", 3)
                              .user("main", 2)
                              .build();
  EXPECT_EQ(select(profile, {.function = "f<std::vector<int>>(int)"}).size(), 3U);
  EXPECT_EQ(select(profile, {.function = "f<std::vector<int, std::allocator<int> >"}).size(), 3U);
  EXPECT_EQ(select(profile, {.function = "f<std::vector<long>>"}).size(), 0U);
}

}  // namespace
}  // namespace profiler::view
