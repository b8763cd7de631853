#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/profile_builder.h"
#include "view/filter.h"
#include "view/function_table.h"
#include "view/group_table.h"

namespace profiler::view {
namespace {

using test::ProfileBuilder;
using testing::ElementsAre;

constexpr std::uint64_t kMs = 1'000'000;

std::string in_ms(const Weight& weight) {
  return std::to_string(weight.user / kMs) + '+' + std::to_string(weight.sys / kMs);
}

/// "name total user+sys self user+sys"
std::vector<std::string> lines(const Table& table) {
  std::vector<std::string> text;
  for (const TableRow& row : table) {
    text.push_back(row.label + " total " + in_ms(row.charge.total) + " self " +
                   in_ms(row.charge.self));
  }
  return text;
}

std::vector<std::string> functions(const Profile& profile, bool kernel_frames = false) {
  return lines(function_table(profile, select(profile, {}), {.kernel_frames = kernel_frames}));
}

std::vector<std::string> groups(const Profile& profile, GroupBy by, bool kernel_frames = false) {
  return lines(group_table(profile, select(profile, {}), by, {.kernel_frames = kernel_frames}));
}

TEST(FunctionTable, ChargesAUserFunctionWithTheKernelTimeItCaused) {
  const Profile profile =
      ProfileBuilder()
          .user("main;f", 4)
          .sys("main;f;read@libc.so.6", "entry;vfs_read;copy", test::syscall("read"), 3)
          .sys("main", "asm_exc_page_fault;vfs_read", test::fault("file"), 2)
          .build();
  EXPECT_THAT(functions(profile),
              ElementsAre("main total 4+5 self 0+0", "f total 4+3 self 4+0",
                          "<syscall read> total 0+3 self 0+3", "read total 0+3 self 0+0",
                          "<page fault> total 0+2 self 0+2"));
  EXPECT_THAT(
      functions(profile, true),
      ElementsAre("main total 4+5 self 0+0", "f total 4+3 self 4+0", "vfs_read total 0+5 self 0+2",
                  "copy total 0+3 self 0+3", "entry total 0+3 self 0+0", "read total 0+3 self 0+0",
                  "asm_exc_page_fault total 0+2 self 0+0"));
}

TEST(FunctionTable, CountsARecursiveFunctionOnceASample) {
  EXPECT_THAT(functions(ProfileBuilder().user("f;g;f;f;g", 5).build()),
              ElementsAre("g total 5+0 self 5+0", "f total 5+0 self 0+0"));
}

TEST(FunctionTable, AnInlinedFunctionIsTheSameFunction) {
  EXPECT_THAT(functions(ProfileBuilder().user("main;~f", 2).user("f", 3).build()),
              ElementsAre("f total 5+0 self 5+0", "main total 2+0 self 0+0"));
}

TEST(FunctionTable, MarksWhatWasInlinedInAllOfItsTime) {
  const Profile profile = ProfileBuilder()
                              .user("main;~f;~g", 2)
                              .user("main;f", 1)
                              .sys("main;~h", "entry", test::syscall("read"), 1)
                              .build();
  const auto inlined = [&](const Filter& filter) {
    std::string names;
    for (const TableRow& row : function_table(profile, select(profile, filter), {}))
      if (row.inlined) names += row.label;
    return names;
  };
  EXPECT_EQ(inlined({}), "gh");
  EXPECT_EQ(inlined({.until_ns = 2 * kMs}), "gf") << "of what is selected";
}

TEST(FunctionTable, KeepsFunctionsOfOneNameInTwoModulesApart) {
  const Profile profile = ProfileBuilder().user("f@a.so", 2).user("f@b.so", 1).build();
  const Table table = function_table(profile, select(profile, {}), {});
  ASSERT_EQ(table.size(), 2U);
  EXPECT_EQ(table[0].module, "a.so");
  EXPECT_EQ(table[1].module, "b.so");
}

TEST(FunctionTable, HasARowForStacksWithoutAnyFrame) {
  Profile profile = ProfileBuilder().user("main", 2).build();
  profile.samples[0].stack = {};
  EXPECT_THAT(functions(profile),
              ElementsAre("[broken] total 1+0 self 1+0", "main total 1+0 self 1+0"));
}

TEST(FunctionTable, DescribesWhereAFunctionIsDeclared) {
  const Profile profile =
      ProfileBuilder()
          .function("f", {.module = "/opt/x/libf.so", .file = "f.cc", .line = 9})
          .user("f@/opt/x/libf.so#12")
          .build();
  const Table table = function_table(profile, select(profile, {}), {});
  ASSERT_EQ(table.size(), 1U);
  EXPECT_EQ(table[0].module, "libf.so");
  EXPECT_EQ(table[0].file, "f.cc");
  EXPECT_EQ(table[0].line, 9U) << "of the declaration, not of the call";
}

TEST(GroupTable, ByModuleCountsAModuleOnceASample) {
  const Profile profile =
      ProfileBuilder()
          .user("main;f;qsort@libc.so.6;compare", 4)
          .sys("main;read@libc.so.6", "entry;nf@[nft]", test::syscall("read"), 3)
          .build();
  EXPECT_THAT(groups(profile, GroupBy::kModule),
              ElementsAre("prog total 4+3 self 4+0", "libc.so.6 total 4+3 self 0+0",
                          "[kernel] total 0+3 self 0+3"));
  EXPECT_THAT(groups(profile, GroupBy::kModule, true),
              ElementsAre("prog total 4+3 self 4+0", "libc.so.6 total 4+3 self 0+0",
                          "[nft] total 0+3 self 0+3", "[kernel] total 0+3 self 0+0"));
}

TEST(GroupTable, ByProcessPutsProcessesOfOneNameTogether) {
  const Profile profile = ProfileBuilder()
                              .user("main", 1)
                              .process("cc1", 7)
                              .user("main", 2)
                              .process("cc1", 8)
                              .user("main", 3)
                              .build();
  const Table table = group_table(profile, select(profile, {}), GroupBy::kProcess, {});
  EXPECT_THAT(lines(table), ElementsAre("cc1 total 5+0 self 5+0", "prog total 1+0 self 1+0"));
  EXPECT_EQ(table[0].processes, 2U);
  EXPECT_EQ(table[0].pid, std::nullopt);
  EXPECT_EQ(table[1].pid, 100);
}

TEST(GroupTable, ByThreadKeepsThreadsOfOneNameApart) {
  const Profile profile =
      ProfileBuilder().thread("w", 101).user("main", 2).thread("w", 102).user("main", 3).build();
  const Table table = group_table(profile, select(profile, {}), GroupBy::kThread, {});
  ASSERT_EQ(table.size(), 2U);
  EXPECT_EQ(table[0].tid, 102);
  EXPECT_EQ(table[0].pid, 100);
  EXPECT_EQ(table[1].tid, 101);
}

TEST(GroupTable, ByLineGoesByTheLineThatRunsOrCalls) {
  const Profile profile = ProfileBuilder()
                              .function("main", {.file = "m.cc", .line = 1})
                              .function("f", {.file = "f.cc", .line = 10})
                              .user("main#3;f#12", 4)
                              .user("main#3;f#13", 1)
                              .user("main#5;f#12;unknown", 2)
                              .build();
  const Table table = group_table(profile, select(profile, {}), GroupBy::kLine, {});
  std::vector<std::string> text;
  for (const TableRow& row : table) {
    text.push_back(row.label + ' ' + row.file + ':' + std::to_string(row.line) + ' ' +
                   std::to_string(row.charge.total.samples) + '/' +
                   std::to_string(row.charge.self.samples));
  }
  EXPECT_THAT(text, ElementsAre("f f.cc:12 6/4", "main m.cc:3 5/0", "unknown :0 2/2",
                                "main m.cc:5 2/0", "f f.cc:13 1/1"));
}

/// "function file:line total/self", with "*" behind what was inlined and the number of functions.
std::vector<std::string> source_lines(const Profile& profile) {
  std::vector<std::string> text;
  for (const TableRow& row : group_table(profile, select(profile, {}), GroupBy::kLine, {})) {
    text.push_back(row.label + (row.inlined ? "*" : "") + ' ' + row.file + ':' +
                   std::to_string(row.line) + ' ' + std::to_string(row.charge.total.samples) + '/' +
                   std::to_string(row.charge.self.samples) +
                   (row.functions > 1 ? " of " + std::to_string(row.functions) : ""));
  }
  return text;
}

TEST(GroupTable, ByLineChargesInlinedCodeToItsOwnLinesAndToTheCallOfIt) {
  const Profile profile = ProfileBuilder()
                              .function("main", {.file = "m.cc", .line = 1})
                              .function("f", {.file = "f.h", .line = 10})
                              .function("g", {.file = "g.h", .line = 20})
                              .user("main#3;~f#11;~g#21", 4)
                              .user("main#3;~f#11", 1)
                              .user("main#4;f#11", 2)
                              .build();
  EXPECT_THAT(source_lines(profile),
              ElementsAre("f f.h:11 7/3", "main m.cc:3 5/0", "g* g.h:21 4/4", "main m.cc:4 2/0"));
}

TEST(GroupTable, ByLineHasOneRowForALineOfSeveralFunctions) {
  const Profile profile = ProfileBuilder()
                              .function("f<int>", {.file = "f.h", .line = 10})
                              .function("f<long>", {.file = "f.h", .line = 10})
                              .user("f<int>#11", 1)
                              .user("main;f<long>#11;f<int>#11", 3)
                              .user("main;~f<long>#11", 2)
                              .build();
  EXPECT_THAT(source_lines(profile), ElementsAre("f<long> f.h:11 6/6 of 2", "main :0 5/0"))
      << "once a sample, and its heaviest function's";
}

TEST(GroupTable, ByLineMarksInlinedFunctionsWithoutLinesToo) {
  const Profile profile =
      ProfileBuilder().user("main;~f", 3).user("main;~g", 2).user("g", 2).build();
  EXPECT_THAT(source_lines(profile), ElementsAre("main :0 5/0", "g :0 4/4", "f* :0 3/3"));
}

TEST(SortTable, SortsByEachKey) {
  const Profile profile =
      ProfileBuilder().user("b;a", 5).sys("c", "entry", test::syscall("read"), 4).build();
  Table table = function_table(profile, select(profile, {}), {});
  const auto names = [&](SortKey key) {
    sort_table(table, key);
    std::string text;
    for (const TableRow& row : table) text += row.label.substr(0, 2) + ' ';
    return text;
  };
  EXPECT_EQ(names(SortKey::kTotal), "a b <s c ");
  EXPECT_EQ(names(SortKey::kSelf), "a <s b c ");
  EXPECT_EQ(names(SortKey::kUser), "a b <s c ");
  EXPECT_EQ(names(SortKey::kSys), "<s c a b ");
  EXPECT_EQ(names(SortKey::kName), "<s a b c ");
}

}  // namespace
}  // namespace profiler::view
