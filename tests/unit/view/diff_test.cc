#include "view/diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <random>
#include <string>

#include "tests/support/profile_builder.h"
#include "tests/support/random_profile.h"
#include "view/diff_summary.h"
#include "view/diff_tree.h"
#include "view/filter.h"
#include "view/group_table.h"
#include "view/overview.h"

namespace profiler::view {
namespace {

using test::ProfileBuilder;

constexpr double kMs = 1e6;

JoinedProfile join(const Profile& before, const Profile& after) {
  const Selection was = select_with_waits(before, {});
  const Selection is = select_with_waits(after, {});
  return join_profiles({before, was.samples}, {after, is.samples});
}

Diff compare(const Profile& before, const Profile& after, const DiffOptions& options = {}) {
  const JoinedProfile joined = join(before, after);
  Diff diff = compare_functions(joined, options);
  sort_diff(diff, DiffKey::kTotal);
  return diff;
}

const DiffRow& row(const Diff& diff, std::string_view label) {
  for (const DiffRow& row : diff.rows)
    if (row.what.label == label) return row;
  ADD_FAILURE() << "no row " << label;
  static const DiffRow kNone;
  return kNone;
}

BuildId some_build() {
  constexpr std::array kBytes = {std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};
  return BuildId(kBytes);
}

std::vector<std::string> significant(const Diff& diff) {
  std::vector<std::string> labels;
  for (const DiffRow& row : diff.rows)
    if (row.significant()) labels.push_back(row.what.label);
  return labels;
}

/// Drawings of functions by their chances, the same for the same seed with any standard library.
class Program {
 public:
  explicit Program(std::vector<double> chances) : chances_(std::move(chances)) {
    for (double& chance : chances_) all_ += chance;
  }
  /// Function i is called by function i / 4 of another level.
  [[nodiscard]] Profile sampled(std::uint32_t seed, std::size_t samples) const {
    std::mt19937 random(seed);
    std::vector<std::uint64_t> counts(chances_.size());
    for (std::size_t i = 0; i < samples; ++i) {
      double at = static_cast<double>(random()) / 4294967296.0 * all_;
      std::size_t function = 0;
      while (function + 1 < chances_.size() && at >= chances_[function]) at -= chances_[function++];
      ++counts[function];
    }
    ProfileBuilder builder;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      if (counts[i] == 0) continue;
      const std::string stack = "main;caller_" + std::to_string(i / 4) + ";f" + std::to_string(i);
      if (i % 5 == 4) {
        builder.sys(stack, "entry_SYSCALL_64;vfs_read",
                    test::syscall("call_" + std::to_string(i % 15)), counts[i]);
      } else {
        builder.user(stack, counts[i]);
      }
    }
    return builder.build();
  }

 private:
  std::vector<double> chances_;
  double all_ = 0;
};

/// A few functions have most of the time, as in most programs.
std::vector<double> zipf(std::size_t functions) {
  std::vector<double> chances;
  for (std::size_t i = 1; i <= functions; ++i) chances.push_back(1.0 / static_cast<double>(i));
  return chances;
}

TEST(Diff, OfTwoSamplingsOfOneProgramReportsNoChange) {
  const Program program(zipf(200));
  std::size_t beyond_two_deviations = 0;
  std::size_t false_rows = 0;
  for (std::uint32_t seed = 0; seed < 40; ++seed) {
    const std::size_t sizes[] = {4000, 4000, 1000, 200};
    const Profile before = program.sampled(1000 + seed, sizes[seed % 4]);
    const Profile after = program.sampled(2000 + seed, sizes[seed / 2 % 4]);
    for (const Normalize normalize : {Normalize::kCpuTime, Normalize::kNone}) {
      // As measured, the two are the same program only where they have as many samples.
      if (normalize == Normalize::kNone && sizes[seed % 4] != sizes[seed / 2 % 4]) continue;
      const Diff diff = compare(before, after, {.normalize = normalize});
      EXPECT_THAT(significant(diff), testing::IsEmpty()) << "seed " << seed;
      false_rows += significant(diff).size();
      for (const DiffCause& cause : diff.causes) EXPECT_FALSE(cause.sys.significant);
      // What would be told by two standard deviations, whatever the number of rows.
      for (const DiffRow& row : diff.rows) {
        if (std::abs(row.self.cpu.delta) > row.self.cpu.noise * 1.96 / diff.critical &&
            row.before.self.samples + row.after().self.samples >= 10)
          ++beyond_two_deviations;
      }
    }
  }
  EXPECT_EQ(false_rows, 0);
  EXPECT_GT(beyond_two_deviations, 20) << "chance has to have had a chance";
}

TEST(Diff, FindsARealChangeOfKnownSize) {
  std::vector<double> chances = zipf(200);
  double all = 0;
  for (const double chance : chances) all += chance;
  const double share = chances[7] / all;
  std::vector<double> doubled = chances;
  doubled[7] *= 2;
  const double share_after = doubled[7] / (all + chances[7]);
  for (std::uint32_t seed = 0; seed < 10; ++seed) {
    const Profile before = Program(chances).sampled(100 + seed, 20'000);
    const Profile after = Program(doubled).sampled(200 + seed, 20'000);
    const Diff diff = compare(before, after);
    const DiffRow& f7 = row(diff, "f7");
    EXPECT_TRUE(f7.significant()) << "seed " << seed;
    EXPECT_NEAR(f7.self.cpu.delta / static_cast<double>(diff.totals.after.all()),
                share_after - share,
                f7.self.cpu.noise / static_cast<double>(diff.totals.after.all()))
        << "seed " << seed;
    EXPECT_TRUE(row(diff, "caller_1").total.cpu.significant) << "seed " << seed;
    EXPECT_FALSE(row(diff, "caller_1").self.cpu.significant) << "seed " << seed;
    EXPECT_FALSE(row(diff, "f100").significant()) << "seed " << seed;
  }
}

TEST(Diff, ComparesSharesUnlessToldOtherwise) {
  const Profile before = ProfileBuilder().user("main;f", 4000).user("main;g", 4000).build();
  // Twice as much of everything.
  const Profile after = ProfileBuilder().user("main;f", 8000).user("main;g", 8000).build();
  const Diff shares = compare(before, after);
  EXPECT_THAT(significant(shares), testing::IsEmpty());
  EXPECT_DOUBLE_EQ(shares.totals.scale, 2);
  EXPECT_DOUBLE_EQ(row(shares, "f").total.cpu.delta, 0);
  EXPECT_EQ(row(shares, "f").before.total.user, 4000 * kMs) << "as measured";
  const Diff seconds = compare(before, after, {.normalize = Normalize::kNone});
  EXPECT_THAT(significant(seconds), testing::UnorderedElementsAre("f", "g", "main"));
  EXPECT_DOUBLE_EQ(row(seconds, "f").total.cpu.delta, 4000 * kMs);
}

TEST(Diff, MatchesAnotherBuildByNameFileAndInlineChain) {
  const Profile before = ProfileBuilder()
                             .function("main", {.file = "/v1/main.c", .line = 3})
                             .function("parse", {.file = "/v1/parse.c", .line = 30})
                             .user("main@/v1/bin/prog;parse@/v1/bin/prog", 500)
                             .user("main@/v1/bin/prog;parse.part.0@/v1/bin/prog", 500)
                             .user("main@/v1/bin/prog;helper@/v1/bin/prog", 1000)
                             .build();
  const Profile after = ProfileBuilder()
                            .user("main@/v2/bin/prog;~parse@/v2/bin/prog", 1000)
                            .user("main@/v2/bin/prog;helper.isra.0@/v2/bin/prog", 1000)
                            .build();
  const Diff diff = compare(before, after);
  ASSERT_EQ(diff.rows.size(), 3);
  EXPECT_THAT(significant(diff), testing::IsEmpty());
  EXPECT_EQ(row(diff, "parse").before.self.user, 1000 * kMs);
  EXPECT_EQ(row(diff, "parse").after().self.user, 1000 * kMs);
  EXPECT_EQ(row(diff, "helper").after().self.user, 1000 * kMs);

  const JoinedProfile joined = join(before, after);
  const DiffTree tree = diff_tree(joined, {}, {});
  ASSERT_EQ(tree.tree.nodes.size(), 4) << "root, main, parse and helper";
  for (std::size_t i = 0; i < tree.tree.nodes.size(); ++i) {
    EXPECT_EQ(tree.tree.nodes[i].total, tree.total_before[i]);
    EXPECT_FALSE(tree.changes[i].significant);
  }
}

TEST(Diff, CountsAFunctionAndItsCopyOnceAStack) {
  const Profile before = ProfileBuilder().user("main;f;f.part.0", 100).build();
  const Profile after = ProfileBuilder().user("main;f", 100).build();
  const Diff diff = compare(before, after);
  EXPECT_EQ(row(diff, "f").before.total.user, 100 * kMs);
  EXPECT_EQ(row(diff, "f").before.self.user, 100 * kMs);
}

TEST(Diff, TellsNewFromGone) {
  const Profile before = ProfileBuilder().user("main;old_way", 500).user("main;f", 500).build();
  const Profile after = ProfileBuilder().user("main;new_way", 500).user("main;f", 500).build();
  const Diff diff = compare(before, after);
  EXPECT_TRUE(row(diff, "old_way").is_gone());
  EXPECT_TRUE(row(diff, "new_way").is_new());
  EXPECT_TRUE(row(diff, "new_way").significant());
  EXPECT_FALSE(row(diff, "f").is_gone() || row(diff, "f").is_new());
}

TEST(Diff, HasOneRowForCodeWithoutNamesOfAnotherBuild) {
  const Profile before = ProfileBuilder()
                             .user("main;prog+0x1000", 300)
                             .user("main;prog+0x2000", 300)
                             .user("main;0x7f00", 400)
                             .build();
  Profile after = ProfileBuilder().user("main;prog+0x1040", 600).user("main;0x7e00", 400).build();
  after.modules[ModuleIndex(0)].build_id = some_build();
  const Diff diff = compare(before, after);
  EXPECT_THAT(significant(diff), testing::IsEmpty());
  EXPECT_EQ(row(diff, "[unnamed in prog]").before.total.samples, 1000);
  EXPECT_EQ(row(diff, "[unnamed in prog]").after().total.samples, 1000);
  // Of one build addresses do tell.
  Profile same = before;
  same.modules[ModuleIndex(0)].build_id = some_build();
  EXPECT_EQ(row(compare(same, same), "prog+0x1000").after().total.samples, 300);
}

TEST(Diff, BySelfReportsOnlyWhatChangedItself) {
  const auto with = [](std::uint64_t inner) {
    return ProfileBuilder()
        .user("main;outer", 500)
        .user("main;outer;inner", inner)
        .user("main;g", 4000)
        .build();
  };
  const JoinedProfile joined = join(with(500), with(2000));
  Diff diff = compare_functions(joined, {});
  sort_diff(diff, DiffKey::kSelf);
  EXPECT_TRUE(is_reported(row(diff, "inner"), DiffKey::kSelf));
  EXPECT_TRUE(is_reported(row(diff, "outer"), DiffKey::kTotal));
  EXPECT_FALSE(is_reported(row(diff, "main"), DiffKey::kTotal));
  // What it calls grew: its own share fell with that of g.
  EXPECT_EQ(diff.rows.back().what.label, "main");
  EXPECT_TRUE(std::ranges::is_partitioned(
      diff.rows, [](const DiffRow& row) { return is_reported(row, DiffKey::kSelf); }));
}

TEST(Diff, ComparesCauses) {
  const auto with = [](std::uint64_t reads, std::uint64_t writes) {
    return ProfileBuilder()
        .user("main", 5000)
        .sys("main", "entry_SYSCALL_64;vfs_read", test::syscall("read"), reads)
        .sys("main", "entry_SYSCALL_64;vfs_write", test::syscall("write"), writes)
        .build();
  };
  const JoinedProfile joined = join(with(1000, 1000), with(2000, 0));
  Diff diff = compare_causes(joined, {});
  sort_diff(diff, DiffKey::kTotal);
  ASSERT_EQ(diff.causes.size(), 2);
  EXPECT_TRUE(diff.rows.empty());
  for (const DiffCause& cause : diff.causes) EXPECT_TRUE(cause.sys.significant);
  const auto read =
      std::ranges::find(diff.causes, "read", [](const auto& c) { return c.what.name; });
  EXPECT_DOUBLE_EQ(read->sys.delta, 1000 * kMs);
  EXPECT_EQ(read->before.sys, 1000 * kMs);
}

TEST(Diff, ComparesWaitsAsMeasuredByTheirNumber) {
  const auto with = [](std::uint64_t work, std::uint64_t locks, std::uint64_t lock_ns) {
    return ProfileBuilder()
        .user("main;work", work)
        .wait("main;locked", "k", WaitClass::kLock, lock_ns, locks)
        .wait("main;sleeper", "k", WaitClass::kSleep, 1'000'000'000)
        .build();
  };
  const Profile before = with(1000, 400, 1'000'000);
  const Profile longer = with(2000, 400, 2'000'000);
  const Diff diff = compare(before, longer, {.waits = true});
  EXPECT_DOUBLE_EQ(row(diff, "locked").total.wait.delta, 400 * kMs) << "not scaled";
  EXPECT_TRUE(row(diff, "locked").total.wait.significant);
  EXPECT_FALSE(row(diff, "sleeper").total.wait.significant);
  EXPECT_FALSE(row(diff, "main").total.wait.significant)
      << "its one wait of a second may as well have been two";
  EXPECT_FALSE(compare(before, with(1000, 420, 1'000'000), {.waits = true}).rows.empty());
  EXPECT_THAT(significant(compare(before, with(1000, 420, 1'000'000), {.waits = true})),
              testing::IsEmpty());
  EXPECT_THAT(significant(compare(before, longer)), testing::IsEmpty()) << "not asked for";
}

TEST(Diff, ComparesModulesLinesProcessesAndThreads) {
  const auto with = [](const std::string& path, std::uint64_t f, Pid pid) {
    return ProfileBuilder()
        .process("server", pid)
        .thread("worker", pid + 1)
        .function("f", {.module = path, .file = "/src/a.c", .line = 3})
        .user("main;f@" + path + "#41", f)
        .user("main;g@libg.so", 4000)
        .build();
  };
  const JoinedProfile joined = join(with("/v1/liba.so", 1000, 50), with("/v2/liba.so", 4000, 70));
  const auto by = [&](GroupBy what) { return compare_groups(joined, what, {}); };
  const Diff modules = by(GroupBy::kModule);
  EXPECT_TRUE(row(modules, "liba.so").significant());
  EXPECT_EQ(row(modules, "liba.so").before.self.samples, 1000);
  const Diff threads = by(GroupBy::kThread);
  ASSERT_EQ(threads.rows.size(), 1);
  EXPECT_EQ(threads.rows[0].what.label, "worker");
  EXPECT_FALSE(threads.rows[0].significant());
  EXPECT_EQ(by(GroupBy::kProcess).rows.size(), 1);
  const Diff lines = by(GroupBy::kLine);
  const auto line = std::ranges::find(lines.rows, 41, [](const auto& r) { return r.what.line; });
  ASSERT_NE(line, lines.rows.end());
  EXPECT_TRUE(line->significant());
  EXPECT_EQ(line->before.total.samples, 1000);
}

TEST(Diff, IsTheProfilesOwnTablesWithoutAnythingToMatch) {
  for (std::uint32_t seed = 0; seed < 20; ++seed) {
    const Profile profile = test::random_profile(seed);
    const auto samples = select(profile, {});
    const JoinedProfile joined = join_profiles({profile, samples}, {profile, samples});
    Diff diff = compare_functions(joined, {.normalize = Normalize::kNone});
    Weight self_before;
    Weight self_after;
    for (const DiffRow& row : diff.rows) {
      EXPECT_EQ(row.before, row.after()) << row.what.label;
      EXPECT_FALSE(row.significant());
      self_before += row.before.self;
      self_after += row.after().self;
    }
    EXPECT_EQ(self_before, sum(samples)) << "seed " << seed;
    const DiffTree tree = diff_tree(joined, {}, {.kernel_frames = true});
    EXPECT_EQ(tree.tree.nodes[0].total, sum(samples));
    EXPECT_EQ(tree.total_before[0], sum(samples));
    for (std::size_t i = 1; i < tree.tree.nodes.size(); ++i) {
      EXPECT_LT(tree.tree.nodes[i].parent, i);
      EXPECT_EQ(tree.tree.nodes[i].total, tree.total_before[i]);
    }
  }
}

/// What all of it changed by, and the function it lies in: "+2000 ms, parse, its own".
std::string summary(const Profile& before, const Profile& after) {
  const Diff diff = compare(before, after);
  const DiffSummary summary = summarize(diff, false);
  if (!summary.all.significant) return "chance";
  std::string text = (summary.all.delta > 0 ? "+" : "") +
                     std::to_string(std::llround(summary.all.delta / kMs)) + " ms";
  if (summary.where == nullptr) return text;
  return text + ", " + summary.where->what.label + (summary.with_callees ? ", with callees" : "");
}

TEST(DiffSummary, NamesTheFunctionThatTheChangeLiesIn) {
  const auto program = [](int parse, int copy, int render) {
    return ProfileBuilder()
        .user("main;step;parse", parse)
        .user("main;step;parse;copy", copy)
        .user("main;step;render", render)
        .build();
  };
  const Profile before = program(1000, 1000, 3000);
  EXPECT_EQ(summary(before, before), "chance");
  EXPECT_EQ(summary(before, program(1010, 990, 3010)), "chance");
  EXPECT_EQ(summary(before, program(3000, 1000, 3000)), "+2000 ms, parse");
  EXPECT_EQ(summary(before, program(1000, 3000, 3000)), "+2000 ms, copy");
  EXPECT_EQ(summary(before, program(1000, 1000, 1500)), "-1500 ms, render");
  // In neither alone, but in the one with what it calls; and in none where all grew.
  EXPECT_EQ(summary(before, program(2000, 2000, 3000)), "+2000 ms, parse, with callees");
  EXPECT_EQ(summary(before, program(2000, 2000, 4000)), "+3000 ms");
  EXPECT_EQ(summary(before, Profile()), "chance") << "there is nothing to compare";
}

TEST(Diff, OfNothingIsEmpty) {
  const Profile empty = ProfileBuilder().build();
  const Profile some = ProfileBuilder().user("main;f", 100).build();
  const Profile one = ProfileBuilder().user("main", 1).build();
  EXPECT_TRUE(compare(empty, empty).rows.empty());
  for (const auto& [before, after] : {std::pair(empty, some), std::pair(some, empty),
                                      std::pair(one, some), std::pair(one, one)}) {
    EXPECT_THAT(significant(compare(before, after)), testing::IsEmpty());
  }
  // A hundred times as long is a change, as measured.
  EXPECT_THAT(significant(compare(one, some, {.normalize = Normalize::kNone})),
              testing::UnorderedElementsAre("f", "main"));
  const JoinedProfile joined = join(some, empty);
  EXPECT_EQ(diff_tree(joined, {}, {}).total_before[0].samples, 100);
}

}  // namespace
}  // namespace profiler::view
