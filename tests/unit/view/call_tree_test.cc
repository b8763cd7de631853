#include "view/call_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "tests/support/profile_builder.h"
#include "view/filter.h"

namespace profiler::view {
namespace {

using test::ProfileBuilder;
using testing::ElementsAre;

/// "  name total/self" a node in samples, indented by depth.
std::vector<std::string> lines(const Profile& profile, const TreeOptions& options = {}) {
  const CallTree tree = call_tree(profile, select(profile, {}), options);
  std::vector<std::string> text;
  const std::function<void(std::uint32_t, std::size_t)> add = [&](std::uint32_t row,
                                                                  std::size_t depth) {
    const TreeNode& node = tree.nodes[row];
    text.push_back(std::string(depth, ' ') + (row == 0 ? "all" : label(profile, node.entry)) + ' ' +
                   std::to_string(node.total.samples) + '/' + std::to_string(node.self.samples));
    for (const std::uint32_t child : node.children) {
      EXPECT_EQ(tree.nodes[child].parent, row);
      EXPECT_GT(child, row) << "parents precede children";
      add(child, depth + 1);
    }
  };
  add(0, 0);
  return text;
}

TEST(CallTree, MergesEqualPathsHeaviestFirst) {
  const Profile profile = ProfileBuilder()
                              .user("main;f;g", 2)
                              .user("main;h", 7)
                              .user("main;f", 1)
                              .user("main;f;h")
                              .build();
  EXPECT_THAT(lines(profile),
              ElementsAre("all 11/0", " main 11/0", "  h 7/7", "  f 4/1", "   g 2/2", "   h 1/1"));
}

TEST(CallTree, RecursionGrowsDownwards) {
  EXPECT_THAT(lines(ProfileBuilder().user("f;f;f", 2).user("f;f", 1).build()),
              ElementsAre("all 3/0", " f 3/0", "  f 3/1", "   f 2/2"));
  EXPECT_THAT(lines(ProfileBuilder().user("f;f;f;g", 2).user("f;f", 1).build(),
                    {.path = {.merge_recursion = true}}),
              ElementsAre("all 3/0", " f 3/1", "  g 2/2"));
}

TEST(CallTree, ARecursionThatWasInlinedAndCopiedIsOneNode) {
  const Profile profile = ProfileBuilder()
                              .function("f", {.file = "a.cc", .line = 6})
                              .function("f(int) [clone .isra.0]", {.file = "a.cc", .line = 6})
                              .user("main;f(int) [clone .isra.0];~f;f(int) [clone .isra.0];g", 2)
                              .user("main;f(int) [clone .isra.0];~f", 1)
                              .build();
  EXPECT_THAT(lines(profile, {.path = {.merge_recursion = true}}),
              ElementsAre("all 3/0", " main 3/0", "  f(int) [clone .isra.0] 3/1", "   g 2/2"));
  EXPECT_THAT(lines(profile, {.path = {.merge_recursion = true}, .inverted = true}),
              ElementsAre("all 3/0", " g 2/0", "  f(int) [clone .isra.0] 2/0", "   main 2/2",
                          " f 1/0", "  main 1/1"));
}

TEST(CallTree, HangsTheFoldedKernelUnderItsCaller) {
  const Profile profile =
      ProfileBuilder()
          .sys("main;read@libc.so.6", "entry;vfs_read", test::syscall("read"), 3)
          .sys("main;read@libc.so.6", "entry;do_read;copy_page", test::syscall("read"), 2)
          .sys("main", "asm_exc_page_fault", test::fault("file"), 1)
          .user("main", 1)
          .build();
  EXPECT_THAT(lines(profile), ElementsAre("all 7/0", " main 7/1", "  read 5/0",
                                          "   <syscall read> 5/5", "  <page fault> 1/1"));
  EXPECT_THAT(lines(profile, {.path = {.kernel_frames = true}}),
              ElementsAre("all 7/0", " main 7/1", "  read 5/0", "   entry 5/0", "    vfs_read 3/3",
                          "    do_read 2/0", "     copy_page 2/2", "  asm_exc_page_fault 1/1"));
}

TEST(CallTree, UpsideDownBeginsWithTheInnermost) {
  const Profile profile = ProfileBuilder()
                              .user("main;f;g", 2)
                              .user("main;g", 3)
                              .sys("main;f", "entry", test::syscall("brk"), 4)
                              .build();
  EXPECT_THAT(lines(profile, {.inverted = true}),
              ElementsAre("all 9/0", " g 5/0", "  main 3/3", "  f 2/0", "   main 2/2",
                          " <syscall brk> 4/0", "  f 4/0", "   main 4/4"));
}

TEST(CallTree, ProcessesAndIncompleteStacksHaveRoots) {
  const Profile profile = ProfileBuilder()
                              .user("main;f", 4)
                              .end(StackEnd::kDumpTooShort)
                              .user("main;f", 3)
                              .process("cc1", 7)
                              .end(StackEnd::kNoMapping)
                              .user("main;f", 2)
                              .end(StackEnd::kThreadRoot)
                              .user("main;f", 1)
                              .build();
  EXPECT_THAT(lines(profile, {.path = {.process_root = true}}),
              ElementsAre("all 10/0", " prog 7/0", "  main 4/0", "   f 4/4", "  [truncated] 3/0",
                          "   main 3/0", "    f 3/3", " cc1 3/0", "  [broken] 2/0", "   main 2/0",
                          "    f 2/2", "  main 1/0", "   f 1/1"));
  EXPECT_THAT(lines(profile),
              ElementsAre("all 10/0", " main 5/0", "  f 5/5", " [truncated] 3/0", "  main 3/0",
                          "   f 3/3", " [broken] 2/0", "  main 2/0", "   f 2/2"));
}

TEST(CallTree, KernelTimeWithoutAKernelChainIsNotTheFunctionsOwn) {
  Profile profile = ProfileBuilder().user("main", 2).build();
  profile.samples[1].mode = Mode::kSys;
  EXPECT_THAT(lines(profile), ElementsAre("all 2/0", " main 2/1", "  <kernel> 1/1"));
}

TEST(CallTree, HoldsAStackOfAHundredThousandFrames) {
  std::string deep = "main";
  for (int i = 0; i < 100'000; ++i) deep += ";f";
  const Profile profile = ProfileBuilder().user(deep, 2).build();
  const CallTree tree = call_tree(profile, select(profile, {}), {});
  EXPECT_EQ(tree.nodes.size(), 100'002U);
  EXPECT_EQ(tree.nodes.back().self.samples, 2U);
}

TEST(CallTree, IsEmptyButForItsRootWithoutSamples) {
  const Profile profile = ProfileBuilder().build();
  EXPECT_THAT(lines(profile), ElementsAre("all 0/0"));
}

TEST(CallTree, ChildrenCanBePutInAnotherOrder) {
  const Profile profile = ProfileBuilder().user("main;a", 1).user("main;b", 2).build();
  CallTree tree = call_tree(profile, select(profile, {}), {});
  sort_children(profile, tree, SortKey::kName);
  const TreeNode& main = tree.nodes[tree.nodes[0].children[0]];
  EXPECT_EQ(label(profile, tree.nodes[main.children[0]].entry), "a");
}

}  // namespace
}  // namespace profiler::view
