#include "syscalls/call_totals.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace profiler::syscalls {
namespace {

/// Strings by number, as a profile keeps them.
struct Strings {
  std::vector<std::string> texts;
  StringIndex operator()(std::string_view text) {
    const auto known = std::ranges::find(texts, text);
    if (known != texts.end()) return StringIndex(std::size_t(known - texts.begin()));
    texts.emplace_back(text);
    return StringIndex(texts.size() - 1);
  }
};

SyscallAccount account_of(const CallTotals& totals, Strings& strings,
                          SyscallGrouping grouping = SyscallGrouping::kNone) {
  return totals.account({.backend = SyscallBackend::kRing,
                         .grouping = grouping,
                         .group_name = [](std::int64_t id) { return "t " + std::to_string(id); }},
                        [&](std::string_view text) { return strings(text); });
}

#if defined(__x86_64__)
TEST(CallTotals, NamesCallsByTheTableOfTheirAbi) {
  EXPECT_EQ(call_name(0, SyscallAbi::kNative), "read");
  EXPECT_EQ(call_name(999, SyscallAbi::kNative), "syscall_999");
  EXPECT_EQ(call_name(-1, SyscallAbi::kNative), "syscall_-1");
  EXPECT_EQ(call_name(3, SyscallAbi::kCompat32), "read");
  EXPECT_EQ(call_name(7, SyscallAbi::kCompat32), "waitpid");
  EXPECT_EQ(call_name(469, SyscallAbi::kCompat32), "file_setattr");
  EXPECT_EQ(call_name(0, SyscallAbi::kX32), "read");
  EXPECT_EQ(call_name(520, SyscallAbi::kX32), "execve");
  EXPECT_EQ(call_name(520, SyscallAbi::kNative), "syscall_520");
}
#endif

TEST(CallTotals, TellsErrorsFromRestartsAndFromAddresses) {
  EXPECT_EQ(kind_of_result(0), ResultKind::kSuccess);
  EXPECT_EQ(kind_of_result(-EAGAIN), ResultKind::kError);
  EXPECT_EQ(kind_of_result(-511), ResultKind::kError);
  for (const int restart : {512, 513, 514, 516}) {
    EXPECT_EQ(kind_of_result(-restart), ResultKind::kRestart) << restart;
  }
  EXPECT_EQ(kind_of_result(-515), ResultKind::kError);  // ENOIOCTLCMD
  EXPECT_EQ(kind_of_result(-4095), ResultKind::kError);
  EXPECT_EQ(kind_of_result(-4096), ResultKind::kSuccess);
}

TEST(CallTotals, SumsCallsOfOneKey) {
  CallTotals totals;
  const CallKey key{.number = 1};
  totals.add(key, {.result = 512, .wall_ns = 100, .cpu_ns = 100});
  totals.add(key, {.result = 88, .wall_ns = 40, .cpu_ns = 30});
  totals.add(key, {.result = -EAGAIN, .wall_ns = 60, .cpu_ns = 60});
  totals.add(key, {.result = -EPIPE, .wall_ns = 60, .cpu_ns = 60});
  totals.add(key, {.result = -EAGAIN, .wall_ns = 60, .cpu_ns = 60});
  totals.add(key, {.result = -512, .wall_ns = 1000, .cpu_ns = 50});
  totals.add(key, {.end = CallEnd::kUnfinished, .begun_before = true, .wall_ns = 5, .cpu_ns = 0});
  Strings strings;
  const SyscallAccount account = account_of(totals, strings);
  ASSERT_EQ(account.rows.size(), 1U);
  const SyscallRow& row = account.rows[SyscallIndex(0)];
  EXPECT_EQ(row.calls, 7U);
  EXPECT_EQ(row.errors, 3U);
  EXPECT_EQ(row.restarts, 1U);
  EXPECT_EQ(row.unfinished, 1U);
  EXPECT_EQ(row.begun_before, 1U);
  EXPECT_EQ(row.returned, 600U);
  EXPECT_EQ(row.wall_ns, 1325U);
  EXPECT_EQ(row.cpu_ns, 360U);
  EXPECT_EQ(row.min_ns, 5U);
  EXPECT_EQ(row.max_ns, 1000U);
  EXPECT_EQ(row.squares_ns2, 100 * 100 + 40 * 40 + 3 * 60 * 60 + 1000 * 1000 + 5 * 5);
  EXPECT_EQ(row.durations.total(), 7U);
  EXPECT_EQ(row.durations.counts[DurationHistogram::bucket(60)], 3U);
  ASSERT_EQ(account.errors.size(), 2U);
  EXPECT_EQ(account.errors[0], (SyscallErrorRow{SyscallIndex(0), EAGAIN, 2}));
  EXPECT_EQ(account.errors[1], (SyscallErrorRow{SyscallIndex(0), EPIPE, 1}));
  EXPECT_EQ(totals.calls(), 7U);
}

TEST(CallTotals, AddsWhatIsAlreadySummed) {
  CallTotals one_by_one;
  CallTotals summed;
  Strings strings;
  std::mt19937 random(7);
  for (int part = 0; part < 8; ++part) {
    CallTotals portion;
    for (int i = 0; i < 500; ++i) {
      const CallKey key{.group = std::int64_t(random() % 3), .number = std::int32_t(random() % 5)};
      const FinishedCall call{.result = std::int64_t(random() % 10) - 6,
                              .wall_ns = random() % 100'000,
                              .cpu_ns = random() % 1000};
      one_by_one.add(key, call);
      portion.add(key, call);
    }
    const SyscallAccount account = account_of(portion, strings);
    for (std::size_t i = 0; i < account.rows.size(); ++i) {
      std::vector<ErrorCount> errors;
      for (const SyscallErrorRow& error : account.errors) {
        if (error.row == SyscallIndex(i)) errors.emplace_back(error.error, error.count);
      }
      summed.add_row(account.rows[SyscallIndex(i)], errors);
    }
  }
  EXPECT_EQ(account_of(summed, strings), account_of(one_by_one, strings));
  EXPECT_EQ(summed.calls(), one_by_one.calls());
}

TEST(CallTotals, KeepsManyGroupsApart) {
  CallTotals totals;
  for (int round = 0; round < 2; ++round) {
    for (std::int64_t group = 1; group <= 10'000; ++group) {
      totals.add({.group = group, .number = 39}, {.wall_ns = std::uint64_t(group)});
    }
  }
  totals.add({.group = 5, .number = 39, .abi = SyscallAbi::kCompat32}, {.wall_ns = 1});
  Strings strings;
  const SyscallAccount account =
      totals.account({.grouping = SyscallGrouping::kThread,
                      .group_name = [](std::int64_t id) { return std::to_string(id % 10); }},
                     [&](std::string_view text) { return strings(text); });
  ASSERT_EQ(account.rows.size(), 10'001U);
  EXPECT_FALSE(find_row(account, {.group = 10'001, .number = 39}));
  EXPECT_FALSE(find_row(account, {.group = 7, .number = 40}));
  for (std::int64_t group = 1; group <= 10'000; ++group) {
    const auto index = find_row(account, {.group = group, .number = 39});
    ASSERT_TRUE(index) << group;
    const SyscallRow& row = account.rows[*index];
    EXPECT_EQ(row.group_id, group);
    EXPECT_EQ(row.calls, 2U);
    EXPECT_EQ(row.wall_ns, 2U * std::uint64_t(group));
    EXPECT_EQ(strings.texts[row.group.row()], std::to_string(group % 10));
  }
}

TEST(CallTotals, HasNoGroupsWithoutGrouping) {
  CallTotals totals;
  totals.add({.number = 1}, {});
  Strings strings;
  EXPECT_FALSE(account_of(totals, strings).rows[SyscallIndex(0)].group);
  EXPECT_TRUE(account_of(totals, strings, SyscallGrouping::kThread).rows[SyscallIndex(0)].group);
}

}  // namespace
}  // namespace profiler::syscalls
