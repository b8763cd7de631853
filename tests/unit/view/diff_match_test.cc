#include "view/diff_match.h"

#include <gtest/gtest.h>

#include <set>

#include "view/copy_suffix.h"

namespace profiler::view {
namespace {

TEST(CopySuffix, IsWhatCompilersAppendToNames) {
  EXPECT_EQ(without_copy_suffix("parse.constprop.0"), "parse");
  EXPECT_EQ(without_copy_suffix("parse.isra.0.part.12.cold"), "parse");
  EXPECT_EQ(without_copy_suffix("parse.lto_priv.3"), "parse");
  EXPECT_EQ(without_copy_suffix("parse.llvm.1234567890"), "parse");
  EXPECT_EQ(without_copy_suffix("Arena::grow(int) [clone .isra.0] [clone .cold]"),
            "Arena::grow(int)");
  EXPECT_EQ(without_copy_suffix("table.4"), "table.4") << "a static variable's number";
  EXPECT_EQ(without_copy_suffix(".cold"), ".cold");
  EXPECT_EQ(without_copy_suffix(""), "");
}

/// Whether the first rows of both lists are the same thing, and all others on their own.
bool same(const Named& before, const Named& after) {
  const Matching m = match_names({before}, {after});
  return m.before[0] == m.after[0];
}

TEST(MatchNames, FindsAFunctionInAnotherBuild) {
  EXPECT_TRUE(same({.name = "f", .file = "/v1/src/a.c", .module = "prog-1"},
                   {.name = "f", .file = "/v2/src/a.c", .module = "prog-2"}));
  EXPECT_TRUE(same({.name = "f.constprop.0", .file = "a.c"}, {.name = "f", .file = "a.c"}));
  EXPECT_TRUE(same({.name = "f", .module = "prog"}, {.name = "f.part.0.cold", .module = "prog"}));
  EXPECT_TRUE(same({.name = "f", .file = "old_name.c"}, {.name = "f", .file = "new_name.c"}))
      << "the only ones of that name";
  EXPECT_FALSE(same({.name = "f"}, {.name = "g"}));
  EXPECT_FALSE(same({.name = "memcpy"}, {.name = "memcpy", .kernel = true}));
}

TEST(MatchNames, TellsFunctionsOfOneNameApartByFile) {
  const Matching m = match_names(
      {{.name = "helper", .file = "/v1/net/io.c"}, {.name = "helper", .file = "/v1/disk/io.c"}},
      {{.name = "helper", .file = "/v2/disk/io.c"}, {.name = "helper", .file = "/v2/net/io.c"}});
  EXPECT_EQ(m.before[0], m.after[1]);
  EXPECT_EQ(m.before[1], m.after[0]);
  EXPECT_NE(m.before[0], m.before[1]);
  EXPECT_EQ(m.size, 2);
}

TEST(MatchNames, TellsFunctionsOfOneNameApartByModuleOnlyWhereTheFileDoesNot) {
  const Matching by_module =
      match_names({{.name = "init", .module = "liba.so"}, {.name = "init", .module = "libb.so"}},
                  {{.name = "init", .module = "libb.so"}, {.name = "init", .module = "liba.so"}});
  EXPECT_EQ(by_module.before[0], by_module.after[1]);
  EXPECT_EQ(by_module.before[1], by_module.after[0]);

  const Matching by_file = match_names({{.name = "init", .file = "a.c", .module = "liba.so"},
                                        {.name = "init", .file = "b.c", .module = "libb.so"}},
                                       {{.name = "init", .file = "a.c", .module = "libb.so"},
                                        {.name = "init", .file = "b.c", .module = "liba.so"}});
  EXPECT_EQ(by_file.before[0], by_file.after[0]) << "moved to the other library";
  EXPECT_EQ(by_file.before[1], by_file.after[1]);
}

TEST(MatchNames, JoinsCopiesOfAFunctionThatIsClearOnly) {
  const Matching clear = match_names({{.name = "f", .file = "a.c", .module = "prog"},
                                      {.name = "f.isra.0", .file = "a.c", .module = "prog"},
                                      {.name = "f.cold", .module = "prog"}},
                                     {{.name = "f", .file = "a.c", .module = "prog"}});
  EXPECT_EQ(std::set(clear.before.begin(), clear.before.end()), std::set({clear.after[0]}));

  const Matching unclear = match_names({{.name = "f", .file = "a.c", .module = "prog"},
                                        {.name = "f", .file = "b.c", .module = "prog"},
                                        {.name = "f.cold", .module = "prog"}},
                                       {{.name = "f", .file = "a.c", .module = "prog"},
                                        {.name = "f", .file = "b.c", .module = "prog"}});
  EXPECT_EQ(unclear.before[0], unclear.after[0]);
  EXPECT_EQ(unclear.before[1], unclear.after[1]);
  EXPECT_NE(unclear.before[2], unclear.before[0]);
  EXPECT_NE(unclear.before[2], unclear.before[1]);
}

TEST(MatchNames, LeavesWhatOnlyOneSideHasAlone) {
  const Matching m =
      match_names({{.name = "gone"}, {.name = "kept"}}, {{.name = "kept"}, {.name = "new"}});
  EXPECT_EQ(m.before[1], m.after[0]);
  EXPECT_EQ(m.size, 3);
  EXPECT_EQ(std::set({m.before[0], m.before[1], m.after[1]}).size(), 3);
  EXPECT_EQ(match_names({}, {}).size, 0);
  EXPECT_EQ(match_names({}, {{.name = "f"}}).size, 1);
}

TEST(MatchNames, TakesTenThousandFunctionsOfOneName) {
  std::vector<Named> before;
  std::vector<Named> after;
  for (int i = 0; i < 10'000; ++i) {
    before.push_back({.name = "f", .file = "/v1/src/" + std::to_string(i) + ".c"});
    after.push_back(
        {.name = "f.constprop.0", .file = "/v2/src/" + std::to_string(9999 - i) + ".c"});
  }
  const Matching m = match_names(before, after);
  EXPECT_EQ(m.size, 10'000);
  EXPECT_EQ(m.before[1], m.after[9998]);
}

}  // namespace
}  // namespace profiler::view
