#include "record/loss_share.h"

#include <gtest/gtest.h>

namespace profiler::record {
namespace {

void add_samples(LossShare& share, std::uint32_t ring, int samples, bool of_target) {
  for (int i = 0; i < samples; ++i) share.on_sample(ring, of_target);
}

TEST(LossShare, IsThatOfTheSamplesBeforeAndAfter) {
  LossShare share;
  add_samples(share, 0, 30, true);
  add_samples(share, 0, 10, false);
  share.on_loss(0, 1000);
  EXPECT_EQ(share.of_others(), 250U) << "as far as is known so far";
  add_samples(share, 0, 60, false);
  EXPECT_EQ(share.of_others(), 700U);
}

TEST(LossShare, LooksNoFurtherThanItsWindow) {
  LossShare share;
  add_samples(share, 0, 10'000, true);
  add_samples(share, 0, LossShare::kWindow, false);
  share.on_loss(0, 40);
  EXPECT_EQ(share.of_others(), 40U);
  add_samples(share, 0, LossShare::kWindow, false);
  add_samples(share, 0, 10'000, true);
  EXPECT_EQ(share.of_others(), 40U);
}

TEST(LossShare, IsTheTargetsWhereNothingElseIsKnown) {
  LossShare share;
  share.on_loss(3, 77);
  EXPECT_EQ(share.of_others(), 0U);
  add_samples(share, 3, 5, true);
  EXPECT_EQ(share.of_others(), 0U);
}

TEST(LossShare, IsOfEachRingAndEachLossByItself) {
  LossShare share;
  add_samples(share, 0, 5, true);
  add_samples(share, 1, 5, false);
  share.on_loss(0, 100);
  share.on_loss(1, 10);
  EXPECT_EQ(share.of_others(), 10U);
  // A second loss closes the first.
  add_samples(share, 0, 5, false);
  share.on_loss(0, 100);
  add_samples(share, 0, 10, false);
  EXPECT_EQ(share.of_others(), 10U + 50U + 75U);
}

TEST(LossShare, OfLossesWithoutAPlaceIsThatOfTheLastSamples) {
  LossShare share;
  share.on_untold_loss(10);
  EXPECT_EQ(share.of_others(), 0U);
  add_samples(share, 0, 10, true);
  add_samples(share, 1, 30, false);
  share.on_untold_loss(100);
  EXPECT_EQ(share.of_others(), 75U);
}

}  // namespace
}  // namespace profiler::record
