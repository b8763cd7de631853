#include "pipeline/time_scale.h"

#include <gtest/gtest.h>

#include <vector>

namespace profiler::pipeline {
namespace {

Profile cycles(std::uint64_t first, std::uint64_t second) {
  Profile profile;
  profile.run.events.push_back(
      {.name = "cycles", .frequency_hz = 1000, .unit = "cycles", .ns_per_unit = 0});
  for (const std::uint64_t weight : {first, second}) {
    Sample sample;
    sample.weight = weight;
    profile.samples.push_back(sample);
  }
  return profile;
}

std::vector<EventTotal> one(std::uint64_t weight, std::uint64_t samples) {
  return {{.weight = weight, .samples = samples}};
}

TEST(TimeScale, MakesTheSumOfCyclesWhatTheKernelCharged) {
  Profile profile = cycles(1'000'000, 3'000'000);
  profile.run.charged.user_ns = 1'500'000;
  profile.run.charged.sys_ns = 500'000;
  set_time_scale(profile.run, one(4'000'000, 2));
  apply_time_scale(profile);
  EXPECT_TRUE(profile.run.events[0].is_time());
  EXPECT_EQ(profile.samples[0].weight, 500'000U);
  EXPECT_EQ(profile.samples[1].weight, 1'500'000U);
  apply_time_scale(profile);
  EXPECT_EQ(profile.samples[1].weight, 1'500'000U);
}

TEST(TimeScale, GoesByTheFrequencyWhereNothingWasCharged) {
  Profile profile = cycles(1'000'000, 3'000'000);
  set_time_scale(profile.run, one(4'000'000, 2));
  apply_time_scale(profile);
  EXPECT_EQ(profile.samples[0].weight + profile.samples[1].weight, 2'000'000U);
}

TEST(TimeScale, LeavesClocksAndCountsAlone) {
  Profile profile = cycles(7, 9);
  profile.run.events[0].unit = "page-faults";
  set_time_scale(profile.run, one(16, 2));
  apply_time_scale(profile);
  EXPECT_EQ(profile.samples[0].weight, 7U);
  EXPECT_EQ(profile.run.events[0].unit, "page-faults");
}

TEST(TimeScale, ScalesEachEventByItsOwnWeightAndNoOther) {
  Profile profile = cycles(1'000'000, 3'000'000);
  profile.run.events.insert(profile.run.events.begin(),
                            {.name = "page-faults", .frequency_hz = 1000, .unit = "page-faults"});
  profile.samples[0].event = 1;
  profile.samples[1].event = 1;
  Sample fault;
  fault.weight = 5;
  profile.samples.push_back(fault);
  const std::vector<EventTotal> totals = {{.weight = 5, .samples = 1},
                                          {.weight = 4'000'000, .samples = 2}};
  set_time_scale(profile.run, totals);
  apply_time_scale(profile);
  EXPECT_EQ(profile.samples[0].weight + profile.samples[1].weight, 2'000'000U);
  EXPECT_EQ(profile.samples[2].weight, 5U);
  EXPECT_EQ(profile.run.events[0].unit, "page-faults");
  EXPECT_TRUE(profile.run.events[1].is_time());
}

TEST(TimeScale, DoesNotTrustAFilesScale) {
  Profile profile = cycles(7, 9);
  profile.run.events[0].ns_per_unit = -1;
  apply_time_scale(profile);
  EXPECT_EQ(profile.samples[0].weight, 7U);
}

}  // namespace
}  // namespace profiler::pipeline
