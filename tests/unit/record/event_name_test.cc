#include "record/event_name.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/perf_event.h>

namespace profiler::record {
namespace {

TEST(EventName, KnowsClocksAsTime) {
  for (const char* name : {"cpu-clock", "task-clock"}) {
    const auto event = parse_event_name(name);
    ASSERT_TRUE(event) << name;
    EXPECT_EQ(event->type, PERF_TYPE_SOFTWARE);
    EXPECT_EQ(event->unit, "ns");
    EXPECT_FALSE(event->is_hardware());
  }
}

TEST(EventName, CountsOtherEventsInTheirOwnUnit) {
  const auto event = parse_event_name("page-faults");
  ASSERT_TRUE(event);
  EXPECT_EQ(event->config, PERF_COUNT_SW_PAGE_FAULTS);
  EXPECT_EQ(event->unit, "page-faults");
}

TEST(EventName, TakesPerfsOtherNames) {
  EXPECT_EQ(parse_event_name("faults")->name, "page-faults");
  EXPECT_EQ(parse_event_name("cs")->name, "context-switches");
  EXPECT_EQ(parse_event_name("migrations")->name, "cpu-migrations");
  EXPECT_EQ(parse_event_name("branch-instructions")->name, "branches");
  const auto cycles = parse_event_name("cpu-cycles");
  ASSERT_TRUE(cycles);
  EXPECT_EQ(cycles->name, "cycles");
  EXPECT_TRUE(cycles->is_hardware());
}

TEST(EventName, ListsWhatThereIsWhenItKnowsNoSuchEvent) {
  for (const char* name : {"", "cycle", "cpu-clock ", "CYCLES"}) {
    const auto event = parse_event_name(name);
    ASSERT_FALSE(event) << name;
    EXPECT_THAT(event.error().message(), ::testing::HasSubstr("no event named"));
    EXPECT_THAT(event.error().message(), ::testing::HasSubstr("cpu-clock, task-clock"));
    EXPECT_THAT(event.error().message(), ::testing::HasSubstr("instructions"));
  }
}

}  // namespace
}  // namespace profiler::record
