#include "syscalls/caller_sums.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <random>

namespace profiler::syscalls {
namespace {

constexpr std::uint64_t kPeriod = 1'000'000;
constexpr CallKey kCall{.group = 0, .number = 7};
constexpr StackIndex kFirst{0};
constexpr StackIndex kSecond{1};

SyscallAccount account_of(std::uint64_t calls, std::uint64_t wall_ns, std::uint64_t cpu_ns) {
  SyscallRow row;
  row.number = 7;
  row.calls = calls;
  row.wall_ns = wall_ns;
  row.cpu_ns = cpu_ns;
  SyscallAccount account;
  account.rows.push_back(row);
  return account;
}

TEST(CallerSums, ShareOutTheExactFiguresOfTheirCall) {
  CallerSums sums(kPeriod);
  sums.add(kCall, kFirst, {.wall_ns = 100, .cpu_ns = 100, .cpu_ticks = 1});
  sums.add(kCall, kFirst, {.wall_ns = 100, .cpu_ns = 100, .cpu_ticks = 1});
  sums.add(kCall, kSecond, {.wall_ns = 100, .cpu_ns = 100, .cpu_ticks = 1});
  const auto rows = sums.rows(account_of(1001, 2'000'003, 1'000'001));
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].stack, kFirst);
  EXPECT_EQ(rows[0].samples, 2U);
  EXPECT_EQ(rows[0].calls, 667U);
  EXPECT_EQ(rows[0].cpu_ns, 666'667U);
  EXPECT_EQ(rows[0].calls + rows[1].calls, 1001U);
  EXPECT_EQ(rows[0].wall_ns + rows[1].wall_ns, 2'000'003U);
  EXPECT_EQ(rows[0].cpu_ns + rows[1].cpu_ns, 1'000'001U);
}

TEST(CallerSums, OfACallThatWasNotCountedAreLeftOut) {
  CallerSums sums(kPeriod);
  sums.add({.group = 0, .number = 8}, kFirst, {.wall_ns = 100, .cpu_ns = 100, .cpu_ticks = 1});
  EXPECT_TRUE(sums.rows(account_of(1, 1, 1)).empty());
}

TEST(CallerSums, OfCallsThatOnlyWaitedShareTheCpuTimeToo) {
  CallerSums sums(kPeriod);
  sums.add(kCall, kFirst, {.wall_ns = 5 * kPeriod, .cpu_ns = 100, .off_ticks = 5});
  const auto rows = sums.rows(account_of(3, 15 * kPeriod, 400));
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].calls, 3U);
  EXPECT_EQ(rows[0].wall_ns, 15 * kPeriod);
  EXPECT_EQ(rows[0].cpu_ns, 400U);
}

// Two callers of one call: one makes many short calls, the other a few that wait as well. Sampled
// as the counters do, by the ends of periods of time, the estimates are right for both.
TEST(CallerSums, AreRightWhereCallersDiffer) {
  std::mt19937_64 random(7);
  CallerSums sums(kPeriod);
  const auto ticks = [&](std::int64_t& left, std::uint64_t ns) {
    std::uint32_t count = 0;
    for (left -= static_cast<std::int64_t>(ns); left <= 0; left += kPeriod) ++count;
    return count;
  };
  struct Caller {
    StackIndex stack;
    std::uint64_t cpu_ns;
    std::uint64_t off_ns;
    std::uint64_t calls = 0;
  };
  Caller callers[] = {{.stack = kFirst, .cpu_ns = 2'000, .off_ns = 0},
                      {.stack = kSecond, .cpu_ns = 20'000, .off_ns = 300'000}};
  std::int64_t cpu_left = 1 + static_cast<std::int64_t>(random() % kPeriod);
  std::int64_t off_left = 1 + static_cast<std::int64_t>(random() % kPeriod);
  std::uint64_t cpu = 0;
  std::uint64_t wall = 0;
  constexpr std::uint64_t kCalls = 4'000'000;
  for (std::uint64_t i = 0; i < kCalls; ++i) {
    Caller& caller = callers[random() % 10 == 0 ? 1 : 0];
    ++caller.calls;
    cpu += caller.cpu_ns;
    wall += caller.cpu_ns + caller.off_ns;
    const SampledCall call{.wall_ns = caller.cpu_ns + caller.off_ns,
                           .cpu_ns = caller.cpu_ns,
                           .cpu_ticks = ticks(cpu_left, caller.cpu_ns),
                           .off_ticks = ticks(off_left, caller.off_ns)};
    if (call.cpu_ticks != 0 || call.off_ticks != 0) sums.add(kCall, caller.stack, call);
  }
  const auto rows = sums.rows(account_of(kCalls, wall, cpu));
  ASSERT_EQ(rows.size(), 2U);
  for (const SyscallCallerRow& row : rows) {
    const Caller& caller = callers[row.stack == kFirst ? 0 : 1];
    EXPECT_NEAR(static_cast<double>(row.cpu_ns), static_cast<double>(caller.calls * caller.cpu_ns),
                0.05 * static_cast<double>(cpu));
    EXPECT_NEAR(static_cast<double>(row.calls), static_cast<double>(caller.calls),
                0.05 * static_cast<double>(kCalls));
    const std::uint64_t own_wall = caller.calls * (caller.cpu_ns + caller.off_ns);
    EXPECT_NEAR(static_cast<double>(row.wall_ns), static_cast<double>(own_wall),
                0.05 * static_cast<double>(wall));
  }
}

TEST(CallerSums, LetACallThatWasCountedOutStandForOthersLikeIt) {
  CallerSums sums(kPeriod);
  sums.add(kCall, kFirst, {.wall_ns = 100, .cpu_ns = 50, .of_calls = 300});
  sums.add(kCall, kSecond, {.wall_ns = 900, .cpu_ns = 50, .of_calls = 100});
  const auto rows = sums.rows(account_of(800, 240'000, 40'000));
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].stack, kFirst);
  EXPECT_EQ(rows[0].calls, 600U);
  EXPECT_EQ(rows[0].cpu_ns, 30'000U);
  EXPECT_EQ(rows[0].wall_ns, 60'000U);
  EXPECT_EQ(rows[1].calls, 200U);
  EXPECT_EQ(rows[1].wall_ns, 180'000U);
  EXPECT_EQ(rows[1].samples, 1U);
}

}  // namespace
}  // namespace profiler::syscalls
