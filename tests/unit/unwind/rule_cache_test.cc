#include "unwind/rule_cache.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace profiler::unwind {
namespace {

UnwindRule rule(std::int32_t offset) {
  return {.kind = UnwindRule::Kind::kStep, .cfa_offset = offset};
}

TEST(RuleCache, KeepsRulesByModuleAndAddress) {
  RuleCache cache;
  EXPECT_EQ(cache.find(1, 0x1000), nullptr);
  cache.add(1, 0x1000, rule(8));
  cache.add(2, 0x1000, rule(16));
  ASSERT_NE(cache.find(1, 0x1000), nullptr);
  EXPECT_EQ(cache.find(1, 0x1000)->rule, rule(8));
  EXPECT_EQ(cache.find(2, 0x1000)->rule, rule(16));
  EXPECT_EQ(cache.find(1, 0x1001), nullptr);
}

TEST(RuleCache, HoldsNearlyAllOfAProgramsAddresses) {
  RuleCache cache;
  constexpr std::uint64_t kAddresses = 3000;  // cc1plus: 1,300 in 400 samples
  for (std::uint64_t i = 0; i < kAddresses; ++i)
    cache.add(0, i * 37, rule(static_cast<std::int32_t>(i)));
  std::uint64_t missing = 0;
  for (std::uint64_t i = 0; i < kAddresses; ++i) {
    const RuleCache::Entry* entry = cache.find(0, i * 37);
    if (entry == nullptr) {
      ++missing;
    } else {
      EXPECT_EQ(entry->rule, rule(static_cast<std::int32_t>(i)));
    }
  }
  EXPECT_LE(missing, 3U);
}

TEST(RuleCache, NeverTakesOneRuleForAnotherWhenFull) {
  RuleCache cache;
  constexpr std::uint64_t kAddresses = 300'000;
  for (std::uint64_t i = 0; i < kAddresses; ++i) {
    cache.add(static_cast<std::uint32_t>(i % 7), i * 5, rule(static_cast<std::int32_t>(i)));
    ASSERT_NE(cache.find(static_cast<std::uint32_t>(i % 7), i * 5), nullptr);
  }
  std::uint64_t found = 0;
  for (std::uint64_t i = 0; i < kAddresses; ++i) {
    const RuleCache::Entry* entry = cache.find(static_cast<std::uint32_t>(i % 7), i * 5);
    if (entry == nullptr) continue;
    ++found;
    ASSERT_EQ(entry->rule, rule(static_cast<std::int32_t>(i)));
  }
  EXPECT_GT(found, 50'000U);
  EXPECT_LE(found, 65'536U);
}

}  // namespace
}  // namespace profiler::unwind
