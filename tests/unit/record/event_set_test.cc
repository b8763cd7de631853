// Several events of an EventSet, on the real kernel: of this thread, which needs no more rights.
#include "record/event_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <set>
#include <vector>

#include "events/decoder.h"
#include "record/event_attributes.h"
#include "record/permission.h"
#include "record/proc_file.h"

namespace profiler::record {
namespace {

constexpr std::size_t kRing = std::size_t{8} << 20;
constexpr std::uint64_t kNoSuchConfig = 4711;

perf_event_attr attributes(const char* name, std::uint64_t period = 0) {
  RecordOptions options;
  options.period = period;
  options.frequency_given = period == 0;
  return sample_attributes(*parse_event_name(name), options);
}

EventRequest request_for(std::vector<perf_event_attr> samples) {
  const auto tid = static_cast<Tid>(::syscall(SYS_gettid));
  EventRequest request;
  request.samples = std::move(samples);
  request.side = side_attributes();
  request.coverage = Coverage::kInherited;
  request.sample_cpus = online_cpus();
  request.tasks = {tid};
  request.side_tasks = {tid};
  request.sizes = {.sample_bytes = kRing, .side_bytes = kSmallestRing};
  return request;
}

void touch_new_pages(std::size_t count) {
  constexpr std::size_t kPage = 4096;
  void* const memory =
      ::mmap(nullptr, count * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  ::madvise(memory, count * kPage, MADV_NOHUGEPAGE);
  for (std::size_t i = 0; i < count; ++i) static_cast<volatile char*>(memory)[i * kPage] = 1;
  ::munmap(memory, count * kPage);
}

class EventSetTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!may_open_any_event()) GTEST_SKIP() << "perf_event_open is not permitted here";
  }
};

TEST_F(EventSetTest, TellsTheSamplesOfSeveralEventsApartByTheirIds) {
  constexpr std::size_t kPages = 100;
  auto events =
      EventSet::open(request_for({attributes("cpu-clock"), attributes("page-faults", 1)}));
  ASSERT_TRUE(events) << events.error().error.message();
  if (events->sizes().sample_bytes < kRing) GTEST_SKIP() << "no rings of 8 MiB are allowed here";
  EXPECT_EQ(events->sample_events().size(), 2 * online_cpus().size());
  EXPECT_EQ(events->sample_attrs().size(), 2U);

  std::map<std::uint64_t, std::uint16_t> rows;
  for (const auto& [id, row] : events->sample_ids()) rows[id] = row;
  EXPECT_EQ(rows.size(), events->sample_events().size());

  events->enable_samples();
  touch_new_pages(kPages);
  events->disable_all();

  std::map<std::uint16_t, std::uint64_t> weights;
  const auto layout = events::EventLayout::of(events->sample_attr());
  for (EventRing& ring : events->rings()) {
    if (ring.kind != RingKind::kSamples) continue;
    ring.reader.drain([&](std::span<const std::byte> record) {
      const auto event = events::decode(record, layout);
      ASSERT_TRUE(event) << event.error().message();
      if (const auto* sample = std::get_if<SampleEvent>(&*event)) {
        ASSERT_TRUE(rows.contains(sample->context.id));
        weights[rows[sample->context.id]] += sample->period;
      }
    });
  }
  EXPECT_GE(weights[1], kPages);
  EXPECT_LT(weights[1], 2 * kPages);
}

TEST_F(EventSetTest, HasOneRingOfSamplesForEachCpuHoweverManyEventsThereAre) {
  auto events = EventSet::open(request_for(
      {attributes("cpu-clock"), attributes("page-faults"), attributes("minor-faults")}));
  ASSERT_TRUE(events) << events.error().error.message();
  std::multiset<std::uint32_t> cpus;
  for (const EventRing& ring : events->rings())
    if (ring.kind == RingKind::kSamples) cpus.insert(ring.cpu);
  EXPECT_EQ(cpus.size(), online_cpus().size());
  EXPECT_EQ(std::set<std::uint32_t>(cpus.begin(), cpus.end()).size(), cpus.size());
}

TEST_F(EventSetTest, NamesTheEventThatTheKernelDoesNotKnow) {
  perf_event_attr unknown = attributes("page-faults");
  unknown.config = kNoSuchConfig;
  const auto events = EventSet::open(request_for({attributes("cpu-clock"), unknown}));
  ASSERT_FALSE(events);
  EXPECT_EQ(events.error().event, 1U);
  EXPECT_FALSE(events.error().refused);
}

int no_kernel_mode(perf_event_attr& attr, const EventPlace& place) {
  return attr.exclude_kernel == 0 ? -EACCES : perf_event_open_call(attr, place);
}

TEST_F(EventSetTest, LeavesOutKernelModeOfAllEventsWhereItIsRefused) {
  const auto events = EventSet::open(
      request_for({attributes("cpu-clock"), attributes("page-faults")}), no_kernel_mode);
  ASSERT_TRUE(events) << events.error().error.message();
  EXPECT_FALSE(events->kernel_sampled());
  for (const perf_event_attr& attr : events->sample_attrs()) EXPECT_EQ(attr.exclude_kernel, 1U);
}

TEST_F(EventSetTest, RefusesAnEventOfWhichUserModeHasNone) {
  for (const char* name : {"context-switches", "cpu-migrations"}) {
    const auto events =
        EventSet::open(request_for({attributes("cpu-clock"), attributes(name)}), no_kernel_mode);
    ASSERT_FALSE(events) << name;
    EXPECT_TRUE(events.error().refused);
    EXPECT_EQ(events.error().event, 1U);
  }
}

TEST_F(EventSetTest, RefusesEventsOfWhichTheKernelTakesSomeInUserModeOnly) {
  const auto events =
      EventSet::open(request_for({attributes("cpu-clock"), attributes("page-faults")}),
                     [](perf_event_attr& attr, const EventPlace& place) {
                       return attr.config == PERF_COUNT_SW_PAGE_FAULTS && attr.exclude_kernel == 0
                                  ? -EACCES
                                  : perf_event_open_call(attr, place);
                     });
  if (!events && events.error().refused) GTEST_SKIP() << "kernel mode is not permitted here";
  ASSERT_FALSE(events);
  EXPECT_THAT(events.error().error.message(), ::testing::HasSubstr("differ"));
}

TEST_F(EventSetTest, HasNoStandbyEventsForWhatIsSampledEachTime) {
  EventRequest request = request_for({attributes("cpu-clock"), attributes("page-faults")});
  request.standby_ring_bytes = 2 * kRing;
  const auto by_frequency = EventSet::open(request);
  ASSERT_TRUE(by_frequency) << by_frequency.error().error.message();
  if (by_frequency->sizes().sample_bytes < kRing) GTEST_SKIP() << "no rings of 8 MiB here";
  EXPECT_TRUE(by_frequency->has_standby());
  EXPECT_EQ(by_frequency->standby_events().size(), by_frequency->sample_events().size());
  EXPECT_EQ(by_frequency->sample_ids().size(), 2 * by_frequency->sample_events().size());

  request.samples[1] = attributes("page-faults", 1);
  const auto each_time = EventSet::open(request);
  ASSERT_TRUE(each_time) << each_time.error().error.message();
  EXPECT_FALSE(each_time->has_standby());
}

TEST_F(EventSetTest, SaysWhereThereAreMoreEventsThanFilesMayBeOpen) {
  const auto events =
      EventSet::open(request_for({attributes("cpu-clock"), attributes("page-faults")}),
                     [](perf_event_attr&, const EventPlace&) { return -EMFILE; });
  ASSERT_FALSE(events);
  EXPECT_EQ(events.error().error.system_error, EMFILE);
  const std::string message =
      explain_failure(*parse_event_name("cpu-clock"), 360, events.error().error).message();
  EXPECT_THAT(message, ::testing::HasSubstr("too many events: 360"));
  EXPECT_THAT(message, ::testing::HasSubstr("ulimit -n"));
}

}  // namespace
}  // namespace profiler::record
