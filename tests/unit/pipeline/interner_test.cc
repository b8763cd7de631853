#include "pipeline/interner.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace profiler::pipeline {
namespace {

TEST(RowSet, FindsEveryRowAgainAfterGrowing) {
  std::vector<std::uint64_t> table;
  RowSet set;
  const auto find = [&](std::uint64_t key) {
    return set.find_or_insert(
        mix(key), [&](std::uint32_t row) { return table[row] == key; },
        [&] {
          table.push_back(key);
          return static_cast<std::uint32_t>(table.size() - 1);
        });
  };
  for (std::uint64_t key = 0; key < 10'000; ++key) ASSERT_EQ(find(key * 4096), key);
  for (std::uint64_t key = 0; key < 10'000; ++key) ASSERT_EQ(find(key * 4096), key);
  EXPECT_EQ(table.size(), 10'000U);
}

TEST(Interner, StoresEqualStringsOnce) {
  Profile profile;
  Interner interner(profile);
  const StringIndex read = interner.string("read");
  EXPECT_NE(interner.string("write"), read);
  EXPECT_EQ(interner.string("read"), read);
  EXPECT_EQ(profile.strings.size(), 2U);
  EXPECT_EQ(profile.text(read), "read");
}

TEST(Interner, KnowsTheStringsOfAProfileThatWasRead) {
  Profile profile;
  profile.strings.push_back("main");
  Interner interner(profile);
  EXPECT_EQ(interner.string("main"), StringIndex(0));
  EXPECT_EQ(interner.string("other"), StringIndex(1));
}

TEST(Interner, TellsFramesOfDifferentModulesApart) {
  Profile profile;
  Interner interner(profile);
  const FrameIndex a = interner.frame(ModuleIndex(0), 0x1000);
  EXPECT_NE(interner.frame(ModuleIndex(1), 0x1000), a);
  EXPECT_EQ(interner.frame(ModuleIndex(0), 0x1000), a);
}

TEST(Interner, SharesTheOuterPartOfChains) {
  Profile profile;
  Interner interner(profile);
  const FrameIndex outer = interner.frame(ModuleIndex(0), 1);
  const FrameIndex middle = interner.frame(ModuleIndex(0), 2);
  const FrameIndex inner = interner.frame(ModuleIndex(0), 3);
  const NodeIndex short_chain = interner.chain(std::array{middle, outer});
  const NodeIndex long_chain = interner.chain(std::array{inner, middle, outer});
  EXPECT_EQ(profile.nodes[long_chain].parent, short_chain);
  EXPECT_FALSE(profile.nodes[profile.nodes[short_chain].parent].parent);
  EXPECT_EQ(profile.nodes.size(), 3U);
  EXPECT_FALSE(interner.chain({}));
}

TEST(Interner, TellsStacksApartByHowTheyEnd) {
  Profile profile;
  Interner interner(profile);
  const NodeIndex user = interner.chain(std::array{interner.frame(ModuleIndex(0), 1)});
  const StackIndex whole = interner.stack(
      {.user = user, .kernel = {}, .end = StackEnd::kUndefinedReturnAddress, .cause = {}});
  const StackIndex cut =
      interner.stack({.user = user, .kernel = {}, .end = StackEnd::kDumpTooShort, .cause = {}});
  EXPECT_NE(whole, cut);
  EXPECT_EQ(
      interner.stack(
          {.user = user, .kernel = {}, .end = StackEnd::kUndefinedReturnAddress, .cause = {}}),
      whole);
}

}  // namespace
}  // namespace profiler::pipeline
