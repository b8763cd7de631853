#include "record/process_filter.h"

#include <gtest/gtest.h>

#include <array>

#include "record/proc_scan.h"
#include "test_process.h"

namespace profiler::record {
namespace {

TEST(ProcessFilter, FollowsForksOfWhoeverWasAdded) {
  auto filter = ProcessFilter::load();
  if (!filter) GTEST_SKIP() << filter.error().message();

  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  const auto start_waiting = [&] {
    return start_process([&] {
      ::close(pipe[1]);
      char byte = 0;
      return static_cast<int>(::read(pipe[0], &byte, 1));
    });
  };
  const pid_t before = start_waiting();
  ASSERT_TRUE(filter->add(::getpid()));
  const pid_t after = start_waiting();
  EXPECT_TRUE(filter->contains(::getpid()));
  EXPECT_FALSE(filter->contains(before));
  EXPECT_TRUE(filter->contains(after));
  ::close(pipe[0]);
  ::close(pipe[1]);
  wait_for(before);
  wait_for(after);
}

TEST(ProcessFilter, DoesNotFollowStrangers) {
  auto filter = ProcessFilter::load();
  if (!filter) GTEST_SKIP() << filter.error().message();
  const pid_t child = start_process([] { return 0; });
  EXPECT_FALSE(filter->contains(child));
  wait_for(child);
}

}  // namespace
}  // namespace profiler::record
