#include "record/event_attributes.h"

#include <gtest/gtest.h>

#include <ctime>
#include <vector>

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

perf_event_attr attributes(const char* event, const RecordOptions& options) {
  return sample_attributes(*parse_event_name(event), options);
}

TEST(EventAttributes, SampleTracePointsAndRareEventsEachTime) {
  RecordOptions with_frequency;
  with_frequency.frequency_given = true;
  const NamedEvent trace_point = tracepoint_event({"raw_syscalls", "sys_enter"}, 443);
  for (const perf_event_attr& attr :
       {attributes("context-switches", {}), attributes("context-switches", with_frequency),
        sample_attributes(trace_point, {}), sample_attributes(trace_point, with_frequency),
        attributes("cpu-migrations", {}), attributes("major-faults", {})}) {
    EXPECT_EQ(attr.freq, 0U);
    EXPECT_EQ(attr.sample_period, 1U);
    EXPECT_TRUE(is_sampled_each_time(attr));
    EXPECT_LT(attr.sample_stack_user, attributes("cpu-clock", {}).sample_stack_user);
  }
  EXPECT_TRUE(needs_kernel_mode(sample_attributes(trace_point, {})));
  EXPECT_TRUE(needs_kernel_mode(attributes("context-switches", {})));
  EXPECT_FALSE(needs_kernel_mode(attributes("page-faults", {})));
}

TEST(EventAttributes, SampleClocksAndCountersOfAPmuByFrequency) {
  for (const char* name : {"cpu-clock", "cycles", "cache-misses"}) {
    EXPECT_EQ(attributes(name, {}).freq, 1U) << name;
    EXPECT_FALSE(is_sampled_each_time(attributes(name, {}))) << name;
    EXPECT_FALSE(needs_kernel_mode(attributes(name, {}))) << name;
  }
}

TEST(EventAttributes, SampleOneInSoManyPageFaultsUnlessAFrequencyIsGiven) {
  const perf_event_attr attr = attributes("page-faults", {});
  EXPECT_EQ(attr.freq, 0U);
  EXPECT_GT(attr.sample_period, 1U);
  EXPECT_EQ(attr.sample_type & PERF_SAMPLE_PERIOD, 0U);
  RecordOptions options;
  options.frequency_given = true;
  EXPECT_EQ(attributes("page-faults", options).freq, 1U);
  EXPECT_NE(attributes("page-faults", options).sample_type & PERF_SAMPLE_PERIOD, 0U);
}

TEST(EventAttributes, KeepTheSizeOfTheStackThatWasAskedFor) {
  RecordOptions options;
  options.stack_may_grow = false;
  EXPECT_EQ(attributes("context-switches", options).sample_stack_user, 32768U);
}

TEST(EventAttributes, HaveThePeriodThatWasAskedFor) {
  RecordOptions options;
  options.period = 100;
  for (const char* name : {"page-faults", "context-switches", "cycles"}) {
    const perf_event_attr attr = attributes(name, options);
    EXPECT_EQ(attr.freq, 0U) << name;
    EXPECT_EQ(attr.sample_period, 100U) << name;
    // With it the kernel samples each one, whatever the period.
    EXPECT_EQ(attr.sample_type & PERF_SAMPLE_PERIOD, 0U) << name;
    EXPECT_EQ(fixed_weight(attr), 100U) << name;
  }
  options.period = 1;
  EXPECT_NE(attributes("page-faults", options).sample_type & PERF_SAMPLE_PERIOD, 0U);
}

std::vector<perf_event_attr> attributes_of(const std::vector<const char*>& names,
                                           const RecordOptions& options = {}) {
  std::vector<NamedEvent> events;
  for (const char* name : names) events.push_back(*parse_event_name(name));
  return sample_attributes(events, options);
}

TEST(EventAttributes, OfSeveralEventsHaveOneSampleType) {
  for (const std::uint64_t period : {0U, 1U, 100U}) {
    RecordOptions options;
    options.period = period;
    for (const auto& names :
         {std::vector{"cpu-clock", "page-faults"}, std::vector{"cpu-clock", "cs"},
          std::vector{"cycles", "page-faults", "cs"}, std::vector{"cs", "page-faults"}}) {
      const auto attrs = attributes_of(names, options);
      for (const perf_event_attr& attr : attrs)
        EXPECT_EQ(attr.sample_type, attrs.front().sample_type) << names.front() << ' ' << period;
    }
  }
}

TEST(EventAttributes, OfSeveralEventsSayWhatEachSampleStandsFor) {
  const auto attrs = attributes_of({"cpu-clock", "page-faults", "cs"});
  EXPECT_EQ(fixed_weight(attrs[0]), 1'000'000'000U / 999);
  EXPECT_EQ(fixed_weight(attrs[1]), attrs[1].sample_period);
  EXPECT_EQ(fixed_weight(attrs[2]), 1U);
}

TEST(EventAttributes, BesideAPmusEventsHaveNoPeriodThatTheKernelWouldIgnore) {
  const auto attrs = attributes_of({"cycles", "page-faults", "cs"});
  EXPECT_EQ(attrs[1].freq, 1U);
  EXPECT_EQ(attrs[2].sample_period, 1U);
  for (const perf_event_attr& attr : attrs) EXPECT_EQ(fixed_weight(attr), 0U);
}

TEST(EventAttributes, OfSeveralEventsAddUp) {
  const perf_event_attr clock = attributes("cpu-clock", {});
  const perf_event_attr switches = attributes("context-switches", {});
  const auto bytes = [](const perf_event_attr& attr) {
    return attr.sample_freq * sample_record_bytes(attr);
  };
  EXPECT_EQ(sum_of(std::vector{clock}).sample_freq, clock.sample_freq);
  EXPECT_EQ(sum_of(std::vector{clock, clock}).sample_freq, 2 * clock.sample_freq);
  // A burst is of one event or another.
  EXPECT_EQ(bytes(sum_of(std::vector{switches, switches})), bytes(sum_of(std::vector{switches})));
  const perf_event_attr both = sum_of(std::vector{switches, clock});
  EXPECT_EQ(both.freq, 1U);
  EXPECT_GT(bytes(both), bytes(clock) + bytes(sum_of(std::vector{switches})) - (1U << 16));
}

}  // namespace
}  // namespace profiler::record
