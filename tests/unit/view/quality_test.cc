#include "view/quality.h"

#include <gtest/gtest.h>

#include "tests/support/profile_builder.h"
#include "view/filter.h"

namespace profiler::view {
namespace {

using test::ProfileBuilder;

TEST(Quality, CountsStacksAndFramesOfEverySample) {
  ProfileBuilder builder;
  builder
      .user("main;f;f;~inlined", 10)  // 30 frames by symbol
      .end(StackEnd::kDumpTooShort)
      .user("lib+0x40@lib;g", 4)  // 4 by range, 4 by symbol
      .end(StackEnd::kNoMapping)
      .sys("0xbeef@anon;main", "entry;vfs_read", test::syscall("read"),
           3);  // 3 unnamed, 9 by symbol
  builder.run().losses.samples_lost = 5;
  builder.run().losses.samples_dropped = 2;
  builder.run().losses.samples_lost_of_others = 3;
  const Profile profile = builder.build();
  const Quality q = quality(profile, select(profile, {}));
  EXPECT_EQ(q.samples, 17U);
  EXPECT_EQ(q.lost, 4U);
  EXPECT_EQ(q.lost_all, 7U);
  EXPECT_EQ(q.stacks_complete, 10U);
  EXPECT_EQ(q.stacks_truncated, 4U);
  EXPECT_EQ(q.stacks_broken, 3U);
  EXPECT_EQ(q.ends[static_cast<std::size_t>(StackEnd::kDumpTooShort)], 4U);
  EXPECT_EQ(q.frames_by_symbol, 43U);
  EXPECT_EQ(q.frames_by_range, 4U);
  EXPECT_EQ(q.frames_unnamed, 3U);
  EXPECT_EQ(q.frames, 50U);
}

TEST(Quality, CountsWhatIsOfOtherSamples) {
  ProfileBuilder builder;
  builder.user("main;f", 1).end(StackEnd::kJoined).user("main;f;g;h", 6);
  Profile profile = builder.build();
  for (std::size_t i = 0; i < profile.stacks.size(); ++i) {
    Stack& stack = profile.stacks[StackIndex(i)];
    if (stack.end == StackEnd::kJoined) stack.joined_frames = 3;
  }
  const Quality q = quality(profile, select(profile, {}));
  EXPECT_EQ(q.stacks_complete, 7U);
  EXPECT_EQ(q.stacks_joined, 6U);
  EXPECT_EQ(q.frames, 26U);
  EXPECT_EQ(q.frames_joined, 18U);
}

TEST(Quality, TellsRangesThatAreMappingsFromThoseOfFunctions) {
  Profile profile = ProfileBuilder().user("main;f", 3).build();
  for (FrameIndex i(0); i.row() < profile.frames.size(); i = FrameIndex(i.row() + 1))
    profile.frames[i].name.naming = Naming::kRange;
  EXPECT_EQ(quality(profile, select(profile, {})).frames_by_mapping, 0U);
  for (const ModuleKind kind :
       {ModuleKind::kAnonymous, ModuleKind::kJitDump, ModuleKind::kUnreadable}) {
    for (ModuleIndex i(0); i.row() < profile.modules.size(); i = ModuleIndex(i.row() + 1))
      profile.modules[i].kind = kind;
    const Quality q = quality(profile, select(profile, {}));
    EXPECT_EQ(q.frames_by_mapping, 6U);
    EXPECT_EQ(q.frames_by_range, 6U);
  }
}

TEST(Quality, LooksOnlyAtTheSamplesSelected) {
  const Profile profile =
      ProfileBuilder().user("main", 3).sys("main", "e", test::syscall("read"), 2).build();
  EXPECT_EQ(quality(profile, select(profile, {.sys_only = true})).frames, 4U);
}

}  // namespace
}  // namespace profiler::view
