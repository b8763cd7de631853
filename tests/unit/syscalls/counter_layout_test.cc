#include "syscalls/counter_layout.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>

#include "profiler/duration_histogram.h"

namespace profiler::syscalls {
namespace {

TEST(CounterLayout, TheKernelsSideCountsIntoTheBucketsThatReportsRead) {
  for (unsigned shift = 0; shift < 64; ++shift) {
    const std::uint64_t power = std::uint64_t{1} << shift;
    for (const std::uint64_t ns : {power - 1, power, power + 1, power + power / 4,
                                   power + power / 2, power + 3 * (power / 4)}) {
      EXPECT_EQ(syscall_bucket(ns), DurationHistogram::bucket(ns)) << ns;
    }
  }
  std::mt19937_64 random(1);
  for (int i = 0; i < 100'000; ++i) {
    const std::uint64_t ns = random() >> (random() % 64);
    ASSERT_EQ(syscall_bucket(ns), DurationHistogram::bucket(ns)) << ns;
  }
}

TEST(CounterLayout, ASlotFillsWholeCacheLines) { EXPECT_EQ(sizeof(syscall_slot) % 64, 0U); }

}  // namespace
}  // namespace profiler::syscalls
