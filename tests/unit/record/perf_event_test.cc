#include "record/perf_event.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>

#include "record/event_attributes.h"

namespace profiler::record {
namespace {

perf_event_attr sample() { return sample_attributes(*parse_event_name("cpu-clock"), {}); }

int some_descriptor() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

TEST(PerfEvent, TakesBackOneFeatureAtATimeUntilAnOldKernelAccepts) {
  int calls = 0;
  perf_event_attr attr = side_attributes();
  const auto event = open_event(attr, {}, false, [&](perf_event_attr& a, const EventPlace&) {
    ++calls;
    return a.build_id != 0 ? -EINVAL : some_descriptor();
  });
  ASSERT_TRUE(event);
  EXPECT_EQ(calls, 3);  // As it was, without PERF_FORMAT_LOST, without build ids.
  EXPECT_EQ(attr.build_id, 0U);
  EXPECT_EQ(attr.ksymbol, 1U) << "given up without need";
  EXPECT_EQ(attr.mmap2, 1U);
}

TEST(PerfEvent, LeavesTheAttributesAloneWhenNothingHelps) {
  perf_event_attr attr = side_attributes();
  int calls = 0;
  const auto event = open_event(attr, {}, false, [&](perf_event_attr&, const EventPlace&) {
    ++calls;
    return -EINVAL;
  });
  ASSERT_FALSE(event);
  EXPECT_EQ(event.error().system_error, EINVAL);
  EXPECT_EQ(attr.build_id, 1U);
  EXPECT_LT(calls, 10);
}

TEST(PerfEvent, DropsTheKernelWhenOnlyThatIsForbidden) {
  perf_event_attr attr = sample();
  const auto event = open_event(attr, {}, true, [&](perf_event_attr& a, const EventPlace&) {
    return a.exclude_kernel == 0 ? -EACCES : some_descriptor();
  });
  ASSERT_TRUE(event);
  EXPECT_EQ(attr.exclude_kernel, 1U);
}

TEST(PerfEvent, KeepsTheKernelWhereItMayNotBeDropped) {
  perf_event_attr attr = sample();
  const auto event =
      open_event(attr, {}, false, [&](perf_event_attr&, const EventPlace&) { return -EACCES; });
  ASSERT_FALSE(event);
  EXPECT_EQ(event.error().system_error, EACCES);
  EXPECT_EQ(attr.exclude_kernel, 0U);
}

TEST(PerfEvent, GivesUpWhenEverythingIsForbidden) {
  perf_event_attr attr = sample();
  int calls = 0;
  const auto event = open_event(attr, {}, true, [&](perf_event_attr&, const EventPlace&) {
    ++calls;
    return -EPERM;
  });
  ASSERT_FALSE(event);
  EXPECT_EQ(calls, 2);
}

}  // namespace
}  // namespace profiler::record
