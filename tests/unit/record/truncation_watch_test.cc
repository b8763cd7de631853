#include "record/truncation_watch.h"

#include <gtest/gtest.h>

namespace profiler::record {
namespace {

void see(TruncationWatch& watch, std::size_t copies, bool too_short = false) {
  for (std::size_t i = 0; i < copies; ++i) watch.on_copy(too_short);
}

TEST(TruncationWatch, FindsAProgramThatIsDeepFromItsStart) {
  TruncationWatch watch;
  EXPECT_FALSE(watch.wants_larger());
  see(watch, 1, true);
  EXPECT_FALSE(watch.wants_larger()) << "one of a hundred to come is no more than 1 %";
  see(watch, 1, true);
  EXPECT_TRUE(watch.wants_larger());
}

TEST(TruncationWatch, PermitsOnePercent) {
  TruncationWatch watch;
  for (int i = 0; i < 50; ++i) {
    see(watch, 1, true);
    see(watch, 99);
    ASSERT_FALSE(watch.wants_larger()) << i;
  }
  see(watch, 2, true);
  EXPECT_TRUE(watch.wants_larger());
}

TEST(TruncationWatch, FindsAProgramThatBecomesDeepLater) {
  TruncationWatch watch;
  see(watch, 1'000'000);
  see(watch, TruncationWatch::kWindow / 100, true);
  EXPECT_FALSE(watch.wants_larger());
  see(watch, 1, true);
  EXPECT_TRUE(watch.wants_larger());
  EXPECT_EQ(watch.copies(), TruncationWatch::kWindow);
  EXPECT_EQ(watch.too_short(), TruncationWatch::kWindow / 100 + 1);
}

TEST(TruncationWatch, ForgetsWhatIsLongAgo) {
  TruncationWatch watch;
  see(watch, 1, true);
  see(watch, TruncationWatch::kWindow);
  EXPECT_EQ(watch.too_short(), 0U);
}

TEST(TruncationWatch, MakesNoDecisionUnderPressure) {
  TruncationWatch watch;
  see(watch, 50);
  for (int i = 0; i < 20; ++i) {
    watch.on_shortened();
    see(watch, TruncationWatch::kFewest - 1, true);
    ASSERT_FALSE(watch.wants_larger()) << i;
  }
  see(watch, 1);
  EXPECT_TRUE(watch.wants_larger()) << "it is over";
}

}  // namespace
}  // namespace profiler::record
