#include "record/duplicate_guard.h"

#include <gtest/gtest.h>

namespace profiler::record {
namespace {

TEST(DuplicateGuard, KeepsOneRootForEachThread) {
  DuplicateGuard guard({{100, 1}, {101, 1}, {200, 2}});  // Two events of thread 1, one of 2.
  EXPECT_FALSE(guard.is_duplicate(7, 100));
  EXPECT_FALSE(guard.is_duplicate(7, 101)) << "the same root on another CPU";
  EXPECT_TRUE(guard.is_duplicate(7, 200));
  EXPECT_FALSE(guard.is_duplicate(8, 200)) << "another thread";
  EXPECT_TRUE(guard.is_duplicate(8, 101));
}

TEST(DuplicateGuard, ForgetsAThreadThatHasEnded) {
  DuplicateGuard guard({{100, 1}, {200, 2}});
  EXPECT_FALSE(guard.is_duplicate(7, 100));
  guard.on_exit(7);
  EXPECT_FALSE(guard.is_duplicate(7, 200));
}

TEST(DuplicateGuard, LetsEventsPassThatItDoesNotKnow) {
  DuplicateGuard guard({});
  EXPECT_FALSE(guard.is_duplicate(7, 1));
  EXPECT_FALSE(guard.is_duplicate(7, 2));
}

}  // namespace
}  // namespace profiler::record
