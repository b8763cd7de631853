#include "record/event_attributes.h"

#include <gtest/gtest.h>

#include <ctime>

namespace profiler::record {
namespace {

perf_event_attr attributes(const RecordOptions& options) {
  return sample_attributes(*parse_event_name("cpu-clock"), options);
}

TEST(EventAttributes, CopyRegistersAndStackForDwarf) {
  const perf_event_attr attr = attributes({});
  EXPECT_EQ(attr.sample_freq, 999U);
  EXPECT_EQ(attr.freq, 1U);
  EXPECT_NE(attr.sample_type & PERF_SAMPLE_REGS_USER, 0U);
  EXPECT_NE(attr.sample_type & PERF_SAMPLE_STACK_USER, 0U);
  EXPECT_EQ(attr.sample_stack_user, 32768U);
  EXPECT_EQ(attr.exclude_callchain_user, 1U);
  EXPECT_EQ(attr.exclude_idle, 1U);
  EXPECT_EQ(attr.disabled, 1U);
}

TEST(EventAttributes, UseTheClockOfAllRecords) {
  for (const perf_event_attr& attr : {attributes({}), side_attributes()}) {
    EXPECT_EQ(attr.use_clockid, 1U);
    EXPECT_EQ(attr.clockid, CLOCK_MONOTONIC);
    EXPECT_EQ(attr.sample_id_all, 1U);
    EXPECT_EQ(attr.watermark, 1U);
  }
}

TEST(EventAttributes, LeaveTheWalkToTheKernelForFramePointers) {
  RecordOptions options;
  options.call_graph = CallGraph::kFramePointer;
  const perf_event_attr attr = attributes(options);
  EXPECT_EQ(attr.exclude_callchain_user, 0U);
  EXPECT_EQ(attr.sample_type & (PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER), 0U);
}

TEST(EventAttributes, KeepTheKernelsChainWithoutCallGraphs) {
  RecordOptions options;
  options.call_graph = CallGraph::kNone;
  const perf_event_attr attr = attributes(options);
  EXPECT_NE(attr.sample_type & PERF_SAMPLE_CALLCHAIN, 0U);
  EXPECT_EQ(attr.exclude_callchain_user, 1U);
}

TEST(EventAttributes, KeepTheStackWithinTheKernelsLimits) {
  RecordOptions options;
  options.stack_bytes = 65535;
  EXPECT_EQ(attributes(options).sample_stack_user, 65528U);
  options.stack_bytes = 1001;
  EXPECT_EQ(attributes(options).sample_stack_user, 1000U);
}

TEST(EventAttributes, LeaveNothingOfTheKernelInUserMode) {
  perf_event_attr attr = attributes({});
  restrict_to_user_mode(attr);
  EXPECT_EQ(attr.exclude_kernel, 1U);
  EXPECT_EQ(attr.exclude_callchain_kernel, 1U);
  EXPECT_EQ(attr.sample_type & PERF_SAMPLE_CALLCHAIN, 0U);
}

TEST(EventAttributes, KeepFramePointersInUserMode) {
  RecordOptions options;
  options.call_graph = CallGraph::kFramePointer;
  perf_event_attr attr = attributes(options);
  restrict_to_user_mode(attr);
  EXPECT_NE(attr.sample_type & PERF_SAMPLE_CALLCHAIN, 0U);
}

}  // namespace
}  // namespace profiler::record
