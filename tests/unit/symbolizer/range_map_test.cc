#include "symbolizer/elf/range_map.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace symbolizer {
namespace {

TEST(RangeMap, FindsTheInnermostOfNestedRanges) {
  RangeMap<int> map;
  map.add(0x100, 0x200, 1);
  map.add(0x140, 0x150, 2);
  map.build();
  EXPECT_EQ(map.find(0x13f)->value, 1);
  EXPECT_EQ(map.find(0x140)->value, 2);
  EXPECT_EQ(map.find(0x14f)->value, 2);
  EXPECT_EQ(map.find(0x150)->value, 1);
  EXPECT_EQ(map.find(0x200), nullptr);
  EXPECT_EQ(map.find(0xff), nullptr);
}

TEST(RangeMap, LeavesOutEmptyRanges) {
  RangeMap<int> map;
  map.add(5, 5, 1);
  map.add(6, 4, 2);
  map.build();
  EXPECT_TRUE(map.pieces().empty());
}

// Against a look-up that tries every range.
TEST(RangeMap, AgreesWithTryingEveryRange) {
  struct Range {
    std::uint64_t start, end;
  };
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    std::vector<Range> ranges;
    RangeMap<std::size_t> map;
    for (int i = 0; i < 20; ++i) {
      const std::uint64_t start = random() % 100;
      ranges.push_back({start, start + random() % 40});
      map.add(ranges.back().start, ranges.back().end, ranges.size() - 1);
    }
    map.build();
    for (std::uint64_t address = 0; address < 150; ++address) {
      const Range* best = nullptr;
      for (const Range& range : ranges) {
        if (address < range.start || address >= range.end) continue;
        if (best == nullptr || range.start > best->start ||
            (range.start == best->start && range.end <= best->end)) {
          best = &range;
        }
      }
      const auto* found = map.find(address);
      ASSERT_EQ(found != nullptr, best != nullptr) << address;
      if (best != nullptr) {
        EXPECT_EQ(found->value, static_cast<std::size_t>(best - ranges.data())) << address;
      }
    }
  }
}

}  // namespace
}  // namespace symbolizer
