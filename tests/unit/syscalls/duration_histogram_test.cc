#include "profiler/duration_histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace profiler {
namespace {

TEST(DurationHistogram, BucketsFollowEachOtherWithoutAGap) {
  for (std::size_t i = 0; i < DurationHistogram::kBuckets; ++i) {
    EXPECT_EQ(DurationHistogram::bucket(DurationHistogram::lower(i)), i);
    EXPECT_EQ(DurationHistogram::bucket(DurationHistogram::upper(i) - 1), i);
  }
}

// Against the durations themselves, sorted.
TEST(DurationHistogram, QuantilesLieInTheBucketOfTheExactOne) {
  std::mt19937_64 random(3);
  std::lognormal_distribution<double> durations(9, 2);
  std::vector<std::uint64_t> all;
  DurationHistogram histogram;
  for (int i = 0; i < 20'001; ++i) {
    all.push_back(static_cast<std::uint64_t>(durations(random)));
    histogram.add(all.back());
  }
  std::ranges::sort(all);
  for (const double q : {0.0, 0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const auto rank = static_cast<std::size_t>(std::ceil(q * static_cast<double>(all.size())));
    const std::uint64_t exact = all[rank == 0 ? 0 : rank - 1];
    EXPECT_EQ(histogram.quantile_bucket(q), DurationHistogram::bucket(exact)) << q;
  }
}

}  // namespace
}  // namespace profiler
