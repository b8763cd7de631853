// Waits in tables and trees: which row is charged, and what of the kernel is shown.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/support/profile_builder.h"
#include "view/call_tree.h"
#include "view/cause_ledger.h"
#include "view/filter.h"
#include "view/function_table.h"
#include "view/group_table.h"
#include "view/quality.h"
#include "view/scheduler_frames.h"

namespace profiler::view {
namespace {

using test::ProfileBuilder;
using testing::ElementsAre;

constexpr std::uint64_t kMs = 1'000'000;

Profile locks() {
  return ProfileBuilder()
      .user("main;work", 4)
      .sys("main;take;pthread_mutex_lock@libc.so.6", "entry_SYSCALL_64;futex_wake",
           test::syscall("futex"), 2)
      .wait("main;take;pthread_mutex_lock@libc.so.6",
            "entry_SYSCALL_64;futex_do_wait;schedule;__schedule", WaitClass::kLock, 10 * kMs, 3)
      .runnable("main;work", 5 * kMs)
      .thread("odd", 101)
      .unsampled_wait(10'000 * kMs)
      .build();
}

Charge charge_of(const Table& table, const std::string& label) {
  const auto row = std::ranges::find(table, label, &TableRow::label);
  return row == table.end() ? Charge{} : row->charge;
}

TEST(WaitsInTables, ABlockedThreadWaitsInTheNodeOfItsCall) {
  const Profile profile = locks();
  const Selection both = select_with_waits(profile, {});
  const Table table = function_table(profile, both.samples, {});
  const Charge futex = charge_of(table, "<syscall futex>");
  EXPECT_EQ(futex.self.wait, 30 * kMs);
  EXPECT_EQ(futex.self.waits, 3U);
  EXPECT_EQ(futex.self.sys, 2 * kMs);
  EXPECT_EQ(futex.self.samples, 2U);
  EXPECT_EQ(charge_of(table, "take").total.wait, 30 * kMs);
  EXPECT_EQ(charge_of(table, "take").self.wait, 0U);
  EXPECT_EQ(charge_of(table, "main").total.wait, 35 * kMs);
  EXPECT_EQ(charge_of(table, "<runnable>").self.wait, 5 * kMs);
  EXPECT_EQ(charge_of(table, "work").total.wait, 5 * kMs);
  EXPECT_EQ(charge_of(table, "[not sampled]").self.wait, 10'000 * kMs);
}

TEST(WaitsInTables, SelfTimesAddUpToAllWaits) {
  const Profile profile = locks();
  const Selection both = select_with_waits(profile, {});
  for (const bool kernel_frames : {false, true}) {
    Weight sum;
    for (const TableRow& row :
         function_table(profile, both.samples, {.kernel_frames = kernel_frames}))
      sum += row.charge.self;
    EXPECT_EQ(sum.wait, 10'035 * kMs);
    EXPECT_EQ(sum.waits, 5U);
    EXPECT_EQ(sum.samples, 6U);
  }
}

TEST(WaitsInTables, SortedBySelfAreSortedBySelfWaitWhereThereIsNothingElse) {
  const Profile profile = locks();
  const Selection waits = select_with_waits(profile, {.wait_only = true});
  Table table = function_table(profile, waits.samples, {});
  sort_table(table, SortKey::kSelf);
  ASSERT_GE(table.size(), 3U);
  EXPECT_EQ(table[0].label, "[not sampled]");
  EXPECT_EQ(table[1].label, "<syscall futex>");
  EXPECT_EQ(table[2].label, "<runnable>");
}

TEST(WaitsInTables, TheSchedulersOwnFramesAreFolded) {
  const Profile profile = locks();
  const Selection both = select_with_waits(profile, {});
  const Table table = function_table(profile, both.samples, {.kernel_frames = true});
  EXPECT_EQ(charge_of(table, "futex_do_wait").self.wait, 30 * kMs);
  EXPECT_EQ(charge_of(table, "__schedule"), Charge{});
  EXPECT_EQ(charge_of(table, "<runnable>").self.wait, 5 * kMs);
  EXPECT_TRUE(is_scheduler_function("schedule_hrtimeout_range_clock"));
  EXPECT_FALSE(is_scheduler_function("scheduler_tick"));
}

TEST(WaitsInTables, OnTheCpuNothingChanges) {
  const Profile profile = locks();
  const Selection both = select_with_waits(profile, {});
  const std::vector<const Sample*> samples = select(profile, {});
  for (const Charge& with :
       {charge_of(function_table(profile, both.samples, {}), "main"),
        charge_of(group_table(profile, both.samples, GroupBy::kModule, {}), "prog")}) {
    EXPECT_EQ(with.total.user, 4 * kMs);
    EXPECT_EQ(with.total.sys, 2 * kMs);
    EXPECT_EQ(with.total.samples, 6U);
  }
  EXPECT_EQ(quality(profile, both.samples).samples, quality(profile, samples).samples);
  EXPECT_EQ(quality(profile, both.samples).frames, quality(profile, samples).frames);
  EXPECT_EQ(quality(profile, both.samples).stacks_broken, 0U);
  EXPECT_EQ(cause_ledger(profile, both.samples).size(), 1U);
}

TEST(WaitsInTables, GroupsOfAllKindsAreCharged) {
  const Profile profile = locks();
  const Selection both = select_with_waits(profile, {});
  const Table modules = group_table(profile, both.samples, GroupBy::kModule, {});
  EXPECT_EQ(charge_of(modules, "prog").total.wait, 35 * kMs);
  EXPECT_EQ(charge_of(modules, "[kernel]").self.wait, 35 * kMs);
  EXPECT_EQ(charge_of(modules, "[not sampled]").self.wait, 10'000 * kMs);
  const Table threads = group_table(profile, both.samples, GroupBy::kThread, {});
  EXPECT_EQ(charge_of(threads, "odd").total.wait, 10'000 * kMs);
  EXPECT_EQ(charge_of(threads, "prog").total.wait, 35 * kMs);
  const Table lines = group_table(profile, both.samples, GroupBy::kLine, {});
  EXPECT_EQ(charge_of(lines, "<syscall futex>").self.wait, 30 * kMs);
}

std::vector<std::string> path_to(const Profile& profile, const CallTree& tree, std::uint32_t node) {
  std::vector<std::string> path;
  for (; node != 0; node = tree.nodes[node].parent)
    path.insert(path.begin(), label(profile, tree.nodes[node].entry));
  return path;
}

std::uint32_t heaviest_leaf(const CallTree& tree) {
  std::uint32_t best = 0;
  for (std::uint32_t i = 0; i < tree.nodes.size(); ++i)
    if (tree.nodes[i].self.waits > tree.nodes[best].self.waits) best = i;
  return best;
}

TEST(WaitsInTrees, TheClassIsAStepOfItsOwnWhereItIsWanted) {
  const Profile profile = locks();
  const Selection both = select_with_waits(profile, {});
  const CallTree tree = call_tree(profile, both.samples, {.path = {.wait_nodes = true}});
  EXPECT_THAT(path_to(profile, tree, heaviest_leaf(tree)),
              ElementsAre("main", "take", "pthread_mutex_lock", "<syscall futex>", "<wait lock>"));
  const CallTree plain = call_tree(profile, both.samples, {});
  EXPECT_THAT(path_to(profile, plain, heaviest_leaf(plain)),
              ElementsAre("main", "take", "pthread_mutex_lock", "<syscall futex>"));
  const CallTree inverted =
      call_tree(profile, both.samples, {.path = {.wait_nodes = true}, .inverted = true});
  EXPECT_THAT(path_to(profile, inverted, heaviest_leaf(inverted)),
              ElementsAre("<wait lock>", "<syscall futex>", "pthread_mutex_lock", "take", "main"));
}

TEST(WaitsInTrees, ABranchThatOnlyWaitsIsDividedToo) {
  const Profile profile = ProfileBuilder()
                              .user("main;work", 4)
                              .wait("main;take", "futex_do_wait;schedule", WaitClass::kLock, kMs)
                              .build();
  const Selection both = select_with_waits(profile, {});
  const CallTree tree = call_tree(profile, both.samples, {.inverted = true, .min_share = 50});
  EXPECT_THAT(path_to(profile, tree, heaviest_leaf(tree)),
              ElementsAre("<syscall futex>", "take", "main"));
}

TEST(WaitsInTables, SortByWait) {
  const Profile profile = locks();
  const Selection both = select_with_waits(profile, {});
  Table table = function_table(profile, both.samples, {});
  sort_table(table, SortKey::kWait);
  EXPECT_EQ(table[0].label, "[not sampled]");
  EXPECT_EQ(table[1].label, "main");
}

}  // namespace
}  // namespace profiler::view
