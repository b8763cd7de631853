// The views against slow, obvious versions of themselves, on random profiles.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>

#include "tests/support/random_profile.h"
#include "view/call_tree.h"
#include "view/cause_ledger.h"
#include "view/filter.h"
#include "view/function_table.h"
#include "view/group_table.h"
#include "view/overview.h"
#include "view/wait_ledger.h"

namespace profiler::view {
namespace {

constexpr std::uint32_t kSeeds = 60;

/// What names a function in a table.
using FunctionKey = std::pair<std::string, std::string>;

std::string module_of(const Profile& profile, const PathEntry& entry) {
  if (entry.kind == PathEntry::Kind::kEntry) return "[kernel]";
  const ModuleIndex module = entry.function ? profile.functions[entry.function].module
                                            : profile.frames[entry.frame].module;
  return profile.text(profile.modules[module].path);
}

/// One sample at a time, straight from the definitions of self and total.
std::map<FunctionKey, Charge> naive_functions(const Profile& profile, bool kernel_frames) {
  std::map<FunctionKey, Charge> charges;
  for (const Sample& sample : profile.samples) {
    const CallPath path =
        call_path(profile, profile.stacks[sample.stack], {.kernel_frames = kernel_frames});
    std::set<FunctionKey> seen;
    FunctionKey innermost;
    for (const PathEntry& entry : path) {
      if (entry.kind == PathEntry::Kind::kTruncated || entry.kind == PathEntry::Kind::kBroken)
        continue;
      innermost = {label(profile, entry), module_of(profile, entry)};
      if (seen.insert(innermost).second) charges[innermost].total.add(sample);
    }
    charges[innermost].self.add(sample);
  }
  return charges;
}

/// Weight by path: of the tree that path leads through, and of the stacks that end there.
std::map<std::vector<std::string>, Charge> naive_tree(const Profile& profile,
                                                      const TreeOptions& options) {
  std::map<std::vector<std::string>, Charge> charges;
  for (const Sample& sample : profile.samples) {
    const ProcessIndex process = profile.threads[sample.thread].process;
    CallPath path = call_path(profile, profile.stacks[sample.stack], options.path,
                              profile.processes[process].name);
    if (options.inverted) std::ranges::reverse(path);
    std::vector<std::string> prefix;
    charges[prefix].total.add(sample);
    for (const PathEntry& entry : path) {
      prefix.push_back(label(profile, entry) + (entry.inlined ? "_[i]" : ""));
      charges[prefix].total.add(sample);
    }
    charges[prefix].self.add(sample);
  }
  return charges;
}

std::map<std::vector<std::string>, Charge> charges_by_path(const Profile& profile,
                                                           const CallTree& tree) {
  std::map<std::vector<std::string>, Charge> charges;
  std::vector<std::vector<std::string>> paths(tree.nodes.size());
  for (std::size_t i = 0; i < tree.nodes.size(); ++i) {
    const TreeNode& node = tree.nodes[i];
    if (i != 0) {
      paths[i] = paths[node.parent];
      paths[i].push_back(label(profile, node.entry) + (node.entry.inlined ? "_[i]" : ""));
    }
    charges[paths[i]] = {.self = node.self, .total = node.total};
  }
  return charges;
}

class OnRandomProfiles : public testing::TestWithParam<std::uint32_t> {
 protected:
  const Profile profile_ = test::random_profile(GetParam());
  const std::vector<const Sample*> samples_ = select(profile_, {});
  const Weight all_ = sum(samples_);
};

TEST_P(OnRandomProfiles, TheFunctionTableIsTheNaiveOne) {
  for (const bool kernel_frames : {false, true}) {
    std::map<FunctionKey, Charge> charges;
    for (const TableRow& row :
         function_table(profile_, samples_, {.kernel_frames = kernel_frames})) {
      const bool is_new = charges.emplace(FunctionKey(row.label, row.module), row.charge).second;
      EXPECT_TRUE(is_new) << row.label << " has two rows";
    }
    EXPECT_EQ(charges, naive_functions(profile_, kernel_frames));
  }
}

TEST_P(OnRandomProfiles, TheCallTreeIsTheNaiveOne) {
  for (const TreeOptions& options :
       {TreeOptions{}, TreeOptions{.path = {.kernel_frames = true}},
        TreeOptions{.path = {.process_root = true}}, TreeOptions{.inverted = true},
        TreeOptions{.path = {.kernel_frames = true, .process_root = true}, .inverted = true}}) {
    EXPECT_EQ(charges_by_path(profile_, call_tree(profile_, samples_, options)),
              naive_tree(profile_, options));
  }
}

TEST_P(OnRandomProfiles, LightNodesOfABottomUpTreeHaveNothingBelowThem) {
  const TreeOptions options{.inverted = true, .min_share = 3};
  const auto is_divided = [&](const Charge& charge) {
    return static_cast<double>(charge.total.all()) >=
           static_cast<double>(all_.all()) * options.min_share / 100;
  };
  const std::map<std::vector<std::string>, Charge> whole = naive_tree(profile_, options);
  std::map<std::vector<std::string>, Charge> expected;
  for (auto [path, charge] : whole) {
    if (!path.empty() && !is_divided(whole.at({path.begin(), path.end() - 1}))) continue;
    if (!is_divided(charge)) charge.self = {};
    expected.emplace(path, charge);
  }
  EXPECT_EQ(charges_by_path(profile_, call_tree(profile_, samples_, options)), expected);
}

TEST_P(OnRandomProfiles, SelfTimesAddUpToAllSamples) {
  const auto self_sum = [](const Table& table) {
    Weight weight;
    for (const TableRow& row : table) weight += row.charge.self;
    return weight;
  };
  for (const bool kernel_frames : {false, true}) {
    const TableOptions how = {.kernel_frames = kernel_frames};
    EXPECT_EQ(self_sum(function_table(profile_, samples_, how)), all_);
    for (const GroupBy by : {GroupBy::kModule, GroupBy::kProcess, GroupBy::kThread, GroupBy::kLine})
      EXPECT_EQ(self_sum(group_table(profile_, samples_, by, how)), all_);
  }
  Weight tree_self;
  const CallTree tree = call_tree(profile_, samples_, {});
  for (const TreeNode& node : tree.nodes) tree_self += node.self;
  EXPECT_EQ(tree_self, all_);
  EXPECT_EQ(tree.nodes[0].total, all_);
}

TEST_P(OnRandomProfiles, WaitsAddUpInEveryTableAndTree) {
  Profile profile = profile_;
  profile.run.wait_coverage = WaitCoverage::kStacks;
  profile.run.events[0].unit = "ns";
  std::mt19937 random(GetParam());
  std::uint64_t waited = 0;
  for (int i = 0; i < 300 && !profile.threads.empty(); ++i) {
    Wait wait;
    wait.time_ns = random() % 1'000'000'000;
    wait.ns = random() % 5'000'000;
    wait.thread = ThreadIndex(random() % profile.threads.size());
    wait.runnable = random() % 3 == 0;
    if (random() % 2 == 0 && !profile.stacks.empty())
      wait.stack = StackIndex(random() % profile.stacks.size());
    waited += wait.ns;
    profile.waits.push_back(wait);
  }
  const Selection both = select_with_waits(profile, {});
  const Weight all = sum(both.samples);
  EXPECT_EQ(all.wait, waited);
  const auto self_sum = [](const Table& table) {
    Weight weight;
    for (const TableRow& row : table) weight += row.charge.self;
    return weight;
  };
  for (const bool kernel_frames : {false, true}) {
    const TableOptions how = {.kernel_frames = kernel_frames};
    EXPECT_EQ(self_sum(function_table(profile, both.samples, how)), all);
    for (const GroupBy by : {GroupBy::kModule, GroupBy::kProcess, GroupBy::kThread, GroupBy::kLine})
      EXPECT_EQ(self_sum(group_table(profile, both.samples, by, how)), all);
    for (const bool inverted : {false, true}) {
      const CallTree tree = call_tree(
          profile, both.samples,
          {.path = {.kernel_frames = kernel_frames, .wait_nodes = inverted}, .inverted = inverted});
      Weight self;
      for (const TreeNode& node : tree.nodes) self += node.self;
      EXPECT_EQ(self, all);
      EXPECT_EQ(tree.nodes[0].total, all);
    }
  }
  Weight by_class;
  for (const WaitRow& row : wait_ledger(profile, both.samples)) {
    by_class += row.weight;
    std::uint64_t called = 0;
    for (const WaitCaller& caller : row.callers) called += caller.wait;
    EXPECT_EQ(called, row.weight.wait);
  }
  EXPECT_EQ(by_class.wait, waited);
}

TEST_P(OnRandomProfiles, UserFunctionsHaveNoSysOfTheirOwn) {
  for (const TableRow& row : function_table(profile_, samples_, {})) {
    if (row.kernel) continue;
    EXPECT_EQ(row.charge.self.sys, 0U) << row.label;
  }
}

TEST_P(OnRandomProfiles, CausesAddUpToSysAndCallersToTheirCause) {
  std::uint64_t sys = 0;
  for (const CauseRow& row : cause_ledger(profile_, samples_)) {
    sys += row.weight.sys;
    std::uint64_t called = 0;
    std::uint64_t samples = 0;
    for (const CauseCaller& caller : row.callers) {
      called += caller.sys;
      samples += caller.samples;
    }
    EXPECT_EQ(called, row.weight.sys);
    EXPECT_EQ(samples, row.weight.samples);
  }
  EXPECT_EQ(sys, all_.sys);
}

TEST_P(OnRandomProfiles, TheFirstLevelOfAnInvertedTreeIsSelfTime) {
  const CallTree tree = call_tree(profile_, samples_, {.inverted = true});
  std::map<std::string, Weight> first;
  for (const std::uint32_t child : tree.nodes[0].children)
    first[label(profile_, tree.nodes[child].entry)] += tree.nodes[child].total;
  std::map<std::string, Weight> self;
  for (const TableRow& row : function_table(profile_, samples_, {}))
    if (row.charge.self.samples != 0) self[row.label] += row.charge.self;
  EXPECT_EQ(first, self);
}

INSTANTIATE_TEST_SUITE_P(Seeds, OnRandomProfiles, testing::Range(0U, kSeeds));

}  // namespace
}  // namespace profiler::view
