#include "view/call_path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/profile_builder.h"

namespace profiler::view {
namespace {

using test::ProfileBuilder;
using testing::ElementsAre;

/// Labels of the path of the profile's first stack.
std::vector<std::string> path(const Profile& profile, const PathOptions& options = {}) {
  std::vector<std::string> labels;
  for (const PathEntry& entry : call_path(profile, profile.stacks[StackIndex(0)], options,
                                          profile.processes[ProcessIndex(0)].name))
    labels.push_back(label(profile, entry));
  return labels;
}

TEST(CallPath, RunsFromTheOutermostFunctionToTheInnermost) {
  EXPECT_THAT(path(ProfileBuilder().user("_start;main;f").build()),
              ElementsAre("_start", "main", "f"));
}

TEST(CallPath, FoldsTheKernelIntoItsEntry) {
  const Profile profile = ProfileBuilder()
                              .sys("main;read@libc.so.6", "entry_SYSCALL_64;vfs_read;copy_page",
                                   test::fault("anonymous"), test::syscall("read"), 1)
                              .build();
  EXPECT_THAT(path(profile), ElementsAre("main", "read", "<syscall read>"));
  EXPECT_THAT(path(profile, {.kernel_frames = true}),
              ElementsAre("main", "read", "entry_SYSCALL_64", "vfs_read", "copy_page"));
}

TEST(CallPath, FaultsOfAllKindsAreOneNode) {
  const Profile profile = ProfileBuilder()
                              .sys("main", "asm_exc_page_fault", test::fault("file"))
                              .sys("main", "asm_exc_page_fault", test::fault("major"))
                              .build();
  EXPECT_THAT(path(profile), ElementsAre("main", "<page fault>"));
  EXPECT_EQ(call_path(profile, profile.stacks[StackIndex(0)], {}),
            call_path(profile, profile.stacks[StackIndex(1)], {}));
}

TEST(CallPath, EveryKindOfEntryHasALabel) {
  ProfileBuilder builder;
  const auto label_of = [&](KernelEntryKind kind, const std::string& name) {
    const Profile profile =
        ProfileBuilder().sys("", "x", test::Entry{.kind = kind, .name = name}).build();
    return path(profile).front();
  };
  EXPECT_EQ(label_of(KernelEntryKind::kSyscall, "read"), "<syscall read>");
  EXPECT_EQ(label_of(KernelEntryKind::kSyscall, ""), "<syscall>");
  EXPECT_EQ(label_of(KernelEntryKind::kException, "divide_error"), "<exception divide_error>");
  EXPECT_EQ(label_of(KernelEntryKind::kIrq, "apic_timer_interrupt"), "<irq apic_timer_interrupt>");
  EXPECT_EQ(label_of(KernelEntryKind::kSoftirq, ""), "<softirq>");
  EXPECT_EQ(label_of(KernelEntryKind::kScheduler, ""), "<scheduler>");
  EXPECT_EQ(label_of(KernelEntryKind::kKthread, "kswapd"), "<kthread kswapd>");
  EXPECT_EQ(label_of(KernelEntryKind::kExecExit, ""), "<exec/exit>");
  EXPECT_EQ(label_of(KernelEntryKind::kOther, ""), "<kernel>");
}

TEST(CallPath, InlinedFunctionsFollowTheOneTheyWereInlinedInto) {
  const Profile profile = ProfileBuilder().user("main;~outer;~inner;leaf").build();
  EXPECT_THAT(path(profile), ElementsAre("main", "outer", "inner", "leaf"));
  const CallPath entries = call_path(profile, profile.stacks[StackIndex(0)], {});
  EXPECT_FALSE(entries[0].inlined);
  EXPECT_TRUE(entries[1].inlined);
  EXPECT_TRUE(entries[2].inlined);
  EXPECT_FALSE(entries[3].inlined);
}

TEST(CallPath, StacksWithoutTheirOldestPartHangUnderARootOfTheirOwn) {
  EXPECT_THAT(path(ProfileBuilder().end(StackEnd::kDumpTooShort).user("f;g").build()),
              ElementsAre("[truncated]", "f", "g"));
  EXPECT_THAT(path(ProfileBuilder().end(StackEnd::kNoUnwindInfo).user("f;g").build()),
              ElementsAre("[broken]", "f", "g"));
  EXPECT_THAT(
      path(ProfileBuilder().end(StackEnd::kDumpTooShort).user("f").build(), {.process_root = true}),
      ElementsAre("prog", "[truncated]", "f"));
}

TEST(CallPath, DirectRecursionCanBeMerged) {
  const Profile profile = ProfileBuilder().user("main;f;f;f;g;f").build();
  EXPECT_THAT(path(profile, {.merge_recursion = true}), ElementsAre("main", "f", "g", "f"));
  EXPECT_THAT(path(profile), ElementsAre("main", "f", "f", "f", "g", "f"));
}

TEST(CallPath, CopiesOfAFunctionAreTheFunctionWhereRecursionIsMerged) {
  const auto merged = [](ProfileBuilder& builder) {
    return path(builder.user("main;f(int) [clone .isra.0];~f;f(int);g").build(),
                {.merge_recursion = true});
  };
  ProfileBuilder declared;
  declared.function("f", {.file = "a.cc", .line = 6})
      .function("f(int)", {.file = "a.cc", .line = 6})
      .function("f(int) [clone .isra.0]", {.file = "a.cc", .line = 6});
  EXPECT_THAT(merged(declared), ElementsAre("main", "f(int) [clone .isra.0]", "g"));
  // Two functions of one name that are declared at two places.
  ProfileBuilder elsewhere;
  elsewhere.function("f", {.file = "b.cc", .line = 6})
      .function("f(int)", {.file = "a.cc", .line = 6});
  EXPECT_THAT(merged(elsewhere), ElementsAre("main", "f(int) [clone .isra.0]", "f", "f(int)", "g"));
  // Without declarations, only what stands behind the name makes no difference.
  ProfileBuilder bare;
  EXPECT_THAT(path(bare.user("main;f(int);f(int) [clone .cold];f(long);h<int>;h<char>").build(),
                   {.merge_recursion = true}),
              ElementsAre("main", "f(int)", "f(long)", "h<int>", "h<char>"));
}

TEST(CallPath, FramesWithoutANameShowModuleAndAddress) {
  EXPECT_THAT(path(ProfileBuilder().user("main;0x26c00@/usr/lib/libc.so.6").build()),
              ElementsAre("main", "libc.so.6+0x26c00"));
}

}  // namespace
}  // namespace profiler::view
