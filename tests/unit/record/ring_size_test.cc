#include "record/ring_size.h"

#include <gtest/gtest.h>

#include <bit>

#include "record/event_attributes.h"

namespace profiler::record {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

perf_event_attr sample_at(std::uint64_t frequency_hz) {
  RecordOptions options;
  options.frequency_hz = frequency_hz;
  return sample_attributes(*parse_event_name("cpu-clock"), options);
}

TEST(RingSize, HoldsAQuarterOfASecondAtFullRate) {
  for (const std::uint64_t hz : {1U, 99U, 999U, 4000U}) {
    const perf_event_attr attr = sample_at(hz);
    const RingSizes sizes = ring_sizes(attr, 2, 0, {});
    EXPECT_GE(sizes.sample_bytes, hz * sample_record_bytes(attr) / 4) << hz;
    EXPECT_TRUE(std::has_single_bit(sizes.sample_bytes)) << hz;
    EXPECT_GE(sizes.sample_bytes, kSmallestRing) << hz;
  }
}

TEST(RingSize, StaysBoundedAtAnAbsurdRate) {
  EXPECT_LE(ring_sizes(sample_at(~std::uint64_t{0}), 1, 0, {}).sample_bytes, 256 * kMiB);
}

TEST(RingSize, TakesWhatWasAskedForRoundedUp) {
  EXPECT_EQ(ring_sizes(sample_at(999), 2, 3 * kMiB, {}).sample_bytes, 4 * kMiB);
  EXPECT_EQ(ring_sizes(sample_at(999), 2, 1, {}).sample_bytes, kSmallestRing);
}

TEST(RingSize, FitsIntoWhatMayBeLocked) {
  const RingLimits limits{.lockable_bytes = 2UL * 516 * 1024, .memory_bytes = 0};
  const RingSizes sizes = ring_sizes(sample_at(999), 2, 0, limits);
  EXPECT_LE(2 * (sizes.sample_bytes + sizes.side_bytes), limits.lockable_bytes);
  EXPECT_GE(sizes.sample_bytes, 2 * kSmallestRing);
}

TEST(RingSize, TakesAFractionOfASmallMachine) {
  const RingLimits limits{.lockable_bytes = 0, .memory_bytes = 1024 * kMiB};
  const RingSizes sizes = ring_sizes(sample_at(4000), 64, 0, limits);
  EXPECT_LE(64 * (sizes.sample_bytes + sizes.side_bytes), limits.memory_bytes / 16);
}

TEST(RingSize, ShrinksUntilItIsOfNoUse) {
  RingSizes sizes = ring_sizes(sample_at(999), 2, 0, {});
  int steps = 0;
  while (sizes.shrink()) ASSERT_LT(++steps, 64);
  EXPECT_EQ(sizes, (RingSizes{.sample_bytes = kSmallestRing, .side_bytes = kSmallestRing}));
}

TEST(RingSize, CutsTheStackCopyForASmallRing) {
  const perf_event_attr attr = sample_at(999);
  EXPECT_EQ(fitting_stack(attr, 8 * kMiB), 32768U);
  EXPECT_EQ(fitting_stack(attr, 512UL * 1024), 16384U);
  EXPECT_EQ(fitting_stack(attr, kSmallestRing), 8192U);
}

TEST(RingSize, LeavesASmallStackCopyAlone) {
  perf_event_attr attr = sample_at(999);
  attr.sample_stack_user = 1024;
  EXPECT_EQ(fitting_stack(attr, kSmallestRing), 1024U);
}

}  // namespace
}  // namespace profiler::record
