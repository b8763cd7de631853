#include "view/find_function.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/profile_builder.h"
#include "view/filter.h"

namespace profiler::view {
namespace {

using test::ProfileBuilder;
using testing::ElementsAre;
using testing::IsEmpty;

Profile sample_profile() {
  return ProfileBuilder()
      .function("Arena::grow(unsigned long)", {.file = "/src/arena.cc", .line = 30})
      .function("void app::churn<int>(std::vector<int, std::allocator<int> > const&)",
                {.file = "/src/churn.cc", .line = 7})
      .function("void app::churn<long>(std::vector<long, std::allocator<long> > const&)",
                {.file = "/src/churn.cc", .line = 7})
      .function("f(int)", {.file = "/src/f.cc", .line = 1, .system_name = "_Z1fi"})
      .function("f(double)", {.file = "/src/f.cc", .line = 5})
      .function("helper", {.module = "/lib/a.so", .file = "/src/a/helper.c", .line = 3})
      .function("helper", {.module = "/lib/b.so", .file = "/src/b/helper.c", .line = 3})
      .function("parse", {.file = "/src/parse.c", .line = 9})
      .function("parse.part.0", {.file = "/src/parse.c", .line = 9})
      .function("parse.part.0.cold", {.file = "/src/parse.c", .line = 9})
      .function("parse_header", {.file = "/src/parse.c", .line = 70})
      .user("main;Arena::grow(unsigned long)", 3)
      .user("main;~void app::churn<int>(std::vector<int, std::allocator<int> > const&)", 5)
      .user("main;void app::churn<long>(std::vector<long, std::allocator<long> > const&)", 2)
      .user("main;f(int)", 2)
      .user("main;f(double);f(int)", 1)
      .user("main;helper@/lib/a.so", 2)
      .user("main;helper@/lib/b.so", 1)
      .user("main;parse;parse.part.0;parse.part.0.cold", 2)
      .user("main;parse_header", 1)
      .sys("main;read@libc.so.6", "entry_SYSCALL_64;vfs_read", test::syscall("read"), 1)
      .build();
}

/// The functions found, each "name, name".
std::vector<std::string> found(std::string_view query, const Filter& filter = {}) {
  const Profile profile = sample_profile();
  std::vector<std::string> text;
  for (const SourceFunction& one : find_functions(profile, select(profile, filter), query).found) {
    std::string names;
    for (const FunctionIndex f : one.functions)
      names += (names.empty() ? "" : ", ") + profile.text(profile.functions[f].name);
    text.push_back(names);
  }
  return text;
}

std::vector<std::string> to_write(std::string_view query) {
  const Profile profile = sample_profile();
  std::vector<std::string> text;
  for (const SourceFunction& one : find_functions(profile, select(profile, {}), query).found)
    text.push_back(one.to_write);
  return text;
}

TEST(FindFunction, ByItsWholeNameInAnySpelling) {
  EXPECT_THAT(found("Arena::grow(unsigned long)"), ElementsAre("Arena::grow(unsigned long)"));
  EXPECT_THAT(found("_Z1fi"), ElementsAre("f(int)"));
  EXPECT_THAT(found("app::churn<int>(std::vector<int> const&)").size(), 1U);
  EXPECT_THAT(found("void app::churn<int>(std::vector<int, std::allocator<int> > const&)"),
              ElementsAre("void app::churn<int>(std::vector<int, std::allocator<int> > const&)"))
      << "one instance, and only that";
  EXPECT_THAT(found("vfs_read"), ElementsAre("vfs_read"));
}

TEST(FindFunction, AsATableShortenedIt) {
  EXPECT_THAT(found("Arena::grow(…)"), ElementsAre("Arena::grow(unsigned long)"));
  EXPECT_THAT(found("…::grow(…)"), ElementsAre("Arena::grow(unsigned long)"));
  EXPECT_THAT(found("…::grow(…"), ElementsAre("Arena::grow(unsigned long)"));
  EXPECT_THAT(found("app::churn<…>(std::vector<…> const&)").size(), 1U);
  EXPECT_THAT(found("…::shrink(…)"), IsEmpty());
}

TEST(FindFunction, WithoutItsArgumentsOrScope) {
  EXPECT_THAT(found("Arena::grow").size(), 1U);
  EXPECT_THAT(found("grow").size(), 1U);
  EXPECT_THAT(found("parse").size(), 1U) << "not parse_header";
  EXPECT_THAT(found("grow(unsigned").size(), 1U) << "any part of it";
  EXPECT_THAT(found("ena").size(), 1U) << "of its name, rather than of its arguments";
  EXPECT_THAT(found("vecto").size(), 1U);
}

TEST(FindFunction, InAllItsCopies) {
  EXPECT_THAT(
      found("churn"),
      ElementsAre("void app::churn<int>(std::vector<int, std::allocator<int> > const&), "
                  "void app::churn<long>(std::vector<long, std::allocator<long> > const&)"));
  EXPECT_THAT(found("parse"), ElementsAre("parse, parse.part.0, parse.part.0.cold"));
}

TEST(FindFunction, InTheCloneThatCompilersNameInBrackets) {
  const Profile profile = ProfileBuilder()
                              .function("g(int)", {.file = "/src/g.cc", .line = 2})
                              .function("g(int) [clone .cold]", {.file = "/src/g.cc", .line = 2})
                              .user("g(int);g(int) [clone .cold]", 2)
                              .build();
  const auto match = find_functions(profile, select(profile, {}), "g(int)");
  ASSERT_EQ(match.found.size(), 1U);
  EXPECT_EQ(match.found[0].functions.size(), 2U);
}

TEST(FindFunction, ListsOverloadsAndNamesakesWithWhatTellsThemApart) {
  EXPECT_THAT(found("f"), ElementsAre("f(int)", "f(double)"));
  EXPECT_THAT(to_write("f"), ElementsAre("f(int)", "f(double)"));
  EXPECT_THAT(to_write("helper"), ElementsAre("/src/a/helper.c:3", "/src/b/helper.c:3"));
  EXPECT_THAT(to_write("pars"), ElementsAre("parse", "parse_header"));
}

TEST(FindFunction, ByThePlaceItIsFrom) {
  EXPECT_THAT(found("b/helper.c:helper").size(), 1U);
  EXPECT_THAT(found("b.so:helper").size(), 1U);
  EXPECT_THAT(found("helper.c:helper").size(), 2U);
  EXPECT_THAT(found("elper.c:helper"), IsEmpty()) << "whole parts of a path";
  EXPECT_THAT(found("arena.cc:30"), ElementsAre("Arena::grow(unsigned long)"));
  EXPECT_THAT(found("arena.cc:31"), IsEmpty());
  EXPECT_THAT(found("f.cc:f(int)"), ElementsAre("f(int)"));
}

TEST(FindFunction, OnlyWhereThereAreSamples) {
  EXPECT_THAT(found("Arena::grow", {.sys_only = true}), IsEmpty());
  EXPECT_THAT(found("read", {.sys_only = true}).size(), 1U) << "not <syscall read>, but libc's";
}

TEST(FindFunction, NamesThoseThereAreWhereNothingMatches) {
  const Profile profile = sample_profile();
  const FunctionMatch match = find_functions(profile, select(profile, {}), "shrink");
  EXPECT_THAT(match.found, IsEmpty());
  ASSERT_FALSE(match.names.empty());
  EXPECT_EQ(match.names[0], "main") << "heaviest first";
  EXPECT_THAT(match.names, testing::Contains("app::churn"));
}

TEST(FindFunction, TakesAnyText) {
  for (const char* query : {"", ":", "::", "a:", ":a", "…", "……", "<", "a::b:1",
                            "x:99999999999999999999", "operator<", "(((", "\xff"}) {
    for (const std::string& name : found(query)) EXPECT_FALSE(name.empty()) << query;
  }
}

}  // namespace
}  // namespace profiler::view
