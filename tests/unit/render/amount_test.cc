#include "render/amount.h"

#include <gtest/gtest.h>

#include <limits>

namespace profiler::render {
namespace {

constexpr std::uint64_t kMs = 1'000'000;
constexpr std::uint64_t kSecond = 1'000'000'000;

TEST(AmountFormat, ShowsSecondsWithDigitsThatSuitTheWhole) {
  const AmountFormat small({}, {.user = 9 * kSecond, .samples = 9000});
  EXPECT_EQ(small.amount(1234 * kMs), "1.234");
  EXPECT_EQ(small.amount(0), "0");
  EXPECT_EQ(small.amount_with_unit(12 * kMs), "0.012 s");
  const AmountFormat large({}, {.user = 150 * kSecond, .samples = 9000});
  EXPECT_EQ(large.amount(1234 * kMs), "1.2");
}

TEST(AmountFormat, ShowsCountsOfOtherEventsScaled) {
  const AmountFormat format({.name = "page-faults", .unit = "faults"},
                            {.user = 50'000'000, .samples = 100});
  EXPECT_EQ(format.amount(1234), "1234");
  EXPECT_EQ(format.amount(12'345'678), "12.3 M");
  EXPECT_EQ(format.amount_with_unit(999'960), "1.0 M faults");
  EXPECT_EQ(format.amount(std::numeric_limits<std::uint64_t>::max()), "18.4 E");
}

TEST(AmountFormat, CountsSamplesWhereTheyAreFew) {
  const AmountFormat few({}, {.user = 29 * kMs, .samples = 29});
  EXPECT_EQ(few.share(5 * kMs, 5), "5");
  EXPECT_EQ(few.share_title(), "samples");
  const AmountFormat enough({}, {.user = 30 * kMs, .samples = 30});
  EXPECT_EQ(enough.share(5 * kMs, 5), "16.7 %");
  EXPECT_EQ(enough.share_title(), "share");
}

TEST(Percent, NeverRoundsSomethingToNothingOrToAll) {
  EXPECT_EQ(percent(1, 3), "33.3 %");
  EXPECT_EQ(percent(0, 3), "0 %");
  EXPECT_EQ(percent(1, 100'000), "< 0.1 %");
  EXPECT_EQ(percent(99'999, 100'000), "> 99.9 %");
  EXPECT_EQ(percent(100, 100), "100.0 %");
  EXPECT_EQ(percent(1, 0), "–");
}

TEST(ExactSeconds, LosesNoDigit) {
  EXPECT_EQ(exact_seconds(0), "0");
  EXPECT_EQ(exact_seconds(3 * kSecond), "3");
  EXPECT_EQ(exact_seconds(1), "0.000000001");
  EXPECT_EQ(exact_seconds(12'345'678'900), "12.3456789");
  EXPECT_EQ(exact_seconds(std::numeric_limits<std::uint64_t>::max()), "18446744073.709551615");
}

TEST(Grouped, SetsCommas) {
  EXPECT_EQ(grouped(7), "7");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(1'234'567), "1,234,567");
}

}  // namespace
}  // namespace profiler::render
