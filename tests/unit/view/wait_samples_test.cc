#include "view/wait_samples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

#include "tests/support/profile_builder.h"
#include "view/call_site.h"
#include "view/filter.h"
#include "view/weight.h"

namespace profiler::view {
namespace {

using test::ProfileBuilder;
using testing::ElementsAre;
using testing::Pair;

constexpr std::uint64_t kMs = 1'000'000;

/// By the innermost function outside libc, with "" for no stack: time and number.
struct Sum {
  std::uint64_t ns = 0;
  std::uint64_t waits = 0;
};
std::map<std::string, Sum> by_caller(const Profile& profile) {
  std::map<std::string, Sum> sums;
  for (const Sample& sample : wait_samples(profile)) {
    const NodeIndex user = sample.stack ? profile.stacks[sample.stack].user : NodeIndex();
    Sum& sum = sums[call_site(profile, user).function];
    sum.ns += sample.weight;
    sum.waits += sample.waits;
  }
  return sums;
}

Sum all_of(const Profile& profile) {
  Sum sum;
  for (const Sample& sample : wait_samples(profile)) {
    sum.ns += sample.weight;
    sum.waits += sample.waits;
  }
  return sum;
}

constexpr const char* kFutex = "entry_SYSCALL_64;futex_do_wait;schedule;__schedule";

TEST(WaitSamples, AWaitWithAStackIsOneSampleOfItsClass) {
  const Profile profile = ProfileBuilder()
                              .at(5 * kMs)
                              .wait("main;take", kFutex, WaitClass::kLock, 7 * kMs)
                              .runnable("main;spin", 3 * kMs)
                              .build();
  const std::vector<Sample> samples = wait_samples(profile);
  ASSERT_EQ(samples.size(), 2U);
  EXPECT_EQ(samples[0].time_ns, 5 * kMs);
  EXPECT_EQ(samples[0].weight, 7 * kMs);
  EXPECT_EQ(samples[0].waits, 1);
  EXPECT_EQ(samples[0].mode, Mode::kWait);
  EXPECT_EQ(samples[0].wait, WaitClass::kLock);
  EXPECT_EQ(samples[1].wait, WaitClass::kRunnable);
}

TEST(WaitSamples, ChargesWhatWasNotSampledByProportionOfTheSampledTime) {
  const Profile profile = ProfileBuilder()
                              .wait("main;often", kFutex, WaitClass::kLock, 10 * kMs, 3)
                              .wait("main;seldom", kFutex, WaitClass::kPipe, 10 * kMs, 1)
                              .unsampled_wait(80 * kMs, 8)
                              .build();
  const std::map<std::string, Sum> sums = by_caller(profile);
  ASSERT_EQ(sums.size(), 2U);
  EXPECT_EQ(sums.at("often").ns, 90 * kMs);
  EXPECT_EQ(sums.at("often").waits, 9U);
  EXPECT_EQ(sums.at("seldom").ns, 30 * kMs);
  EXPECT_EQ(sums.at("seldom").waits, 3U);
}

TEST(WaitSamples, AShortWaitSaysNothingOfALongOne) {
  const Profile profile = ProfileBuilder()
                              .wait("main;brief", kFutex, WaitClass::kLock, 1000, 100)
                              .wait("main;lengthy", kFutex, WaitClass::kSleep, 1000 * kMs)
                              .unsampled_wait(kMs, 1000)
                              .unsampled_wait(900 * kMs)
                              .build();
  const std::map<std::string, Sum> sums = by_caller(profile);
  ASSERT_EQ(sums.size(), 2U);
  EXPECT_EQ(sums.at("brief").ns, 1100U * 1000);
  EXPECT_EQ(sums.at("brief").waits, 1100U);
  EXPECT_EQ(sums.at("lengthy").ns, 1900 * kMs);
}

TEST(WaitSamples, PreemptedAndBlockedWaitsDoNotExplainEachOther) {
  const Profile profile = ProfileBuilder()
                              .wait("main;take", kFutex, WaitClass::kLock, 10 * kMs)
                              .unsampled_wait(10 * kMs, 1, true)
                              .build();
  const std::vector<Sample> samples = wait_samples(profile);
  ASSERT_EQ(samples.size(), 2U);
  EXPECT_EQ(samples[1].wait, WaitClass::kRunnable);
  EXPECT_FALSE(samples[1].stack);
}

TEST(WaitSamples, AThreadWithoutStacksIsChargedLikeItsProcess) {
  const Profile profile = ProfileBuilder()
                              .wait("main;take", kFutex, WaitClass::kLock, 10 * kMs)
                              .thread("worker", 101)
                              .unsampled_wait(9 * kMs)
                              .process("other", 200)
                              .unsampled_wait(8 * kMs)
                              .build();
  const std::map<std::string, Sum> sums = by_caller(profile);
  EXPECT_EQ(sums.at("take").ns, 19 * kMs);
  EXPECT_EQ(sums.at("").ns, 8 * kMs);
}

TEST(WaitSamples, AThreadIsChargedToItsOwnStacksFirst) {
  const Profile profile = ProfileBuilder()
                              .wait("main;take", kFutex, WaitClass::kLock, 10 * kMs, 50)
                              .thread("worker", 101)
                              .wait("work;idle", kFutex, WaitClass::kLock, 10 * kMs)
                              .unsampled_wait(9 * kMs)
                              .build();
  EXPECT_EQ(by_caller(profile).at("idle").ns, 19 * kMs);
}

TEST(WaitSamples, TakesStacksOfHalfOrDoubleTheLengthWhereThereAreNoOthers) {
  const Profile near = ProfileBuilder()
                           .wait("main;take", kFutex, WaitClass::kLock, 10 * kMs)
                           .unsampled_wait(20 * kMs)
                           .build();
  EXPECT_EQ(by_caller(near).at("take").ns, 30 * kMs);
  const Profile far = ProfileBuilder()
                          .wait("main;take", kFutex, WaitClass::kLock, 10 * kMs)
                          .unsampled_wait(200 * kMs)
                          .build();
  const std::vector<Sample> samples = wait_samples(far);
  ASSERT_EQ(samples.size(), 2U);
  EXPECT_EQ(samples[1].wait, WaitClass::kNotSampled);
  EXPECT_EQ(samples[1].weight, 200 * kMs);
}

TEST(WaitSamples, AThreadIsPreemptedAtTheSamePlacesHoweverLong) {
  const Profile profile =
      ProfileBuilder().runnable("main;spin", 1000, 3).unsampled_wait(50 * kMs, 1, true).build();
  EXPECT_EQ(by_caller(profile).at("spin").ns, 50 * kMs + 3000);
}

TEST(WaitSamples, AddUpToTheNanosecondWhateverTheProportions) {
  std::mt19937_64 random(7);  // NOLINT: the same every time.
  ProfileBuilder builder;
  const std::vector<std::string> stacks = {"main;a", "main;b", "main;c", "main;d", "main;e"};
  std::uint64_t ns = 0;
  std::uint64_t waits = 0;
  for (int i = 0; i < 2000; ++i) {
    if (i % 100 == 0) builder.thread("t" + std::to_string(i), 1000 + i);
    const std::uint64_t length = random() % 3'000'000 + 1;
    if (random() % 4 == 0) {
      builder.wait(stacks[random() % stacks.size()], kFutex, WaitClass::kLock, length);
      ns += length;
      waits += 1;
    } else {
      const auto count = static_cast<std::uint32_t>(random() % 200'000 + 1);
      builder.unsampled_wait(length * count, count, random() % 3 == 0);
      ns += length * count;
      waits += count;
    }
  }
  const Sum sum = all_of(builder.build());
  EXPECT_EQ(sum.ns, ns);
  EXPECT_EQ(sum.waits, waits);
}

TEST(WaitSamples, OneWaitIsDividedByTimeButCountsOnce) {
  const Profile profile = ProfileBuilder()
                              .wait("main;a", kFutex, WaitClass::kLock, 10 * kMs)
                              .wait("main;b", kFutex, WaitClass::kLock, 10 * kMs)
                              .unsampled_wait(9 * kMs)
                              .build();
  const std::map<std::string, Sum> sums = by_caller(profile);
  EXPECT_EQ(sums.at("a").ns, 14'500'000U);
  EXPECT_EQ(sums.at("b").ns, 14'500'000U);
  EXPECT_EQ(sums.at("a").waits + sums.at("b").waits, 3U);
}

TEST(WaitSamples, FewSamplesStandForManyWaits) {
  ProfileBuilder builder;
  for (int i = 0; i < 40; ++i)
    builder.wait("main;f" + std::to_string(i), kFutex, WaitClass::kLock, 1000);
  builder.run().duration_ns = 100'000 * kMs;
  for (std::uint64_t i = 0; i < 10'000; ++i) builder.at(i * 10 * kMs).unsampled_wait(50'000, 50);
  const Profile profile = builder.build();
  EXPECT_LT(wait_samples(profile).size(), 2000U);
  EXPECT_EQ(all_of(profile).waits, 500'040U);
}

TEST(WaitSamples, HaveThePartOfAWaitThatLiesInTheFiltersTime) {
  const Profile profile = ProfileBuilder()
                              .wait("main;nap", kFutex, WaitClass::kSleep, 10 * kMs)
                              .wait("main;rest", kFutex, WaitClass::kSleep, 10 * kMs)
                              .build();
  const auto inside = [&](std::uint64_t from, std::uint64_t until) {
    std::vector<std::uint64_t> weights;
    for (const Sample& sample :
         select_waits(profile, wait_samples(profile), {.from_ns = from, .until_ns = until}))
      weights.push_back(sample.weight);
    return weights;
  };
  EXPECT_THAT(inside(2 * kMs, 5 * kMs), ElementsAre(3 * kMs));
  EXPECT_THAT(inside(9 * kMs, 12 * kMs), ElementsAre(1 * kMs, 2 * kMs));
  EXPECT_THAT(inside(10 * kMs, 11 * kMs), ElementsAre(1 * kMs));
  EXPECT_THAT(inside(20 * kMs, 30 * kMs), ElementsAre());
}

TEST(WaitSamples, AreSelectedLikeOtherSamples) {
  const Profile profile = ProfileBuilder()
                              .user("main;work", 3)
                              .wait("main;take", kFutex, WaitClass::kLock, 10 * kMs)
                              .thread("io", 101)
                              .wait("main;fill", "x64_sys_read;pipe_read;schedule",
                                    WaitClass::kPipe, 20 * kMs, 1, test::syscall("read"))
                              .build();
  const auto wait_of = [&](const Filter& filter) {
    const Selection chosen = select_with_waits(profile, filter);
    Weight weight;
    for (const Sample* sample : chosen.samples) weight.add(*sample);
    return std::pair(weight.samples, weight.wait / kMs);
  };
  EXPECT_THAT(wait_of({}), Pair(3, 30));
  EXPECT_THAT(wait_of({.function = "take"}), Pair(0, 10));
  EXPECT_THAT(wait_of({.thread = "io"}), Pair(0, 20));
  EXPECT_THAT(wait_of({.cause = "read"}), Pair(0, 20));
  EXPECT_THAT(wait_of({.wait = WaitClass::kLock}), Pair(0, 10));
  EXPECT_THAT(wait_of({.wait_only = true}), Pair(0, 30));
  EXPECT_THAT(wait_of({.sys_only = true}), Pair(0, 0));
}

TEST(WaitSamples, AreNotShownBesideAnotherUnit) {
  Profile profile = ProfileBuilder()
                        .event("instructions", "instructions")
                        .user("main", 3)
                        .wait("main;take", kFutex, WaitClass::kLock, 10 * kMs)
                        .build();
  EXPECT_FALSE(select_with_waits(profile, {}).has_waits);
  EXPECT_EQ(select_with_waits(profile, {}).samples.size(), 3U);
}

}  // namespace
}  // namespace profiler::view
