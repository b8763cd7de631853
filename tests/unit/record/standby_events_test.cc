// The standby events of an EventSet, on the real kernel: of this process, for nobody else's needs
// no more rights.
#include "record/standby_events.h"

#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <set>
#include <vector>

#include "events/decoder.h"
#include "record/event_attributes.h"
#include "record/event_set.h"
#include "record/permission.h"
#include "record/proc_file.h"

namespace profiler::record {
namespace {

constexpr std::size_t kRing = std::size_t{2} << 20;

EventRequest request_for(std::vector<Tid> tasks) {
  RecordOptions options;
  options.frequency_hz = 2000;
  EventRequest request;
  request.samples = {sample_attributes(*parse_event_name("cpu-clock"), options)};
  request.side = side_attributes();
  request.coverage = Coverage::kInherited;
  request.sample_cpus = online_cpus();
  request.tasks = tasks;
  request.side_tasks = std::move(tasks);
  request.sizes = {.sample_bytes = kRing, .side_bytes = kSmallestRing};
  request.standby_ring_bytes = 2 * kRing;
  return request;
}

Tid this_thread() { return static_cast<Tid>(::syscall(SYS_gettid)); }

void spin(double cpu_s) {
  const auto now = [] {
    timespec t{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
  };
  for (const double end = now() + cpu_s; now() < end;) {
  }
}

/// The samples in these rings by the size of their stack dumps.
std::multiset<std::uint64_t> dumps(std::span<EventRing> rings, const perf_event_attr& attr) {
  std::multiset<std::uint64_t> sizes;
  const auto layout = events::EventLayout::of(attr);
  for (EventRing& ring : rings) {
    ring.reader.drain([&](std::span<const std::byte> record) {
      const auto event = events::decode(record, layout);
      if (!event) return;
      if (const auto* sample = std::get_if<SampleEvent>(&*event))
        sizes.insert(sample->user_stack_requested);
    });
  }
  return sizes;
}

class StandbyEventsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!may_open_any_event()) GTEST_SKIP() << "perf_event_open is not permitted here";
  }
};

TEST_F(StandbyEventsTest, WaitUntilTheyTakeOver) {
  auto events = EventSet::open(request_for({this_thread()}));
  ASSERT_TRUE(events) << events.error().error.message();
  if (events->sizes().sample_bytes < kRing) GTEST_SKIP() << "no rings of 2 MiB are allowed here";
  ASSERT_EQ(events->standby_events().size(), events->sample_events().size());
  events->enable_samples();
  spin(0.01);
  std::vector<EventRing*> added;
  ASSERT_TRUE(events->take_over([&](EventRing& ring) { added.push_back(&ring); }));
  events->disable_samples();
  const auto before = dumps(events->rings(), events->sample_attr());
  EXPECT_GT(before.size(), 5U);
  EXPECT_EQ(before.count(32768), before.size());

  events->enable_samples();  // Those that took over, as after a stop of the whole job.
  spin(0.01);
  events->disable_all();
  auto after = dumps(events->rings(), events->sample_attr());
  for (EventRing* ring : added) {
    EXPECT_EQ(ring->mapped.data().size(), 2 * kRing);
    after.merge(dumps({ring, 1}, events->sample_attr()));
  }
  EXPECT_GT(after.size(), 5U);
  EXPECT_EQ(after.count(32768), 0U);
  EXPECT_GT(*after.begin(), 60000U);
}

TEST_F(StandbyEventsTest, ShareTheRingsThereAreWhenNoLargerOnesAreToBeHad) {
  EventRequest request = request_for({this_thread()});
  request.standby_ring_bytes = kRing;
  auto events = EventSet::open(request);
  ASSERT_TRUE(events) << events.error().error.message();
  if (!events->has_standby()) GTEST_SKIP() << "no rings of 2 MiB are allowed here";
  ASSERT_TRUE(events->take_over([](EventRing&) { FAIL() << "it has a ring of its own"; }));
  spin(0.01);
  events->disable_all();
  const auto sizes = dumps(events->rings(), events->sample_attr());
  EXPECT_GT(sizes.size(), 5U);
  EXPECT_GT(*sizes.begin(), 60000U);
}

TEST_F(StandbyEventsTest, AreNoneInRingsThatWouldHoldTooFewOfTheirRecords) {
  EventRequest request = request_for({this_thread()});
  request.sizes.sample_bytes = kRing / 2;
  const auto events = EventSet::open(request);
  ASSERT_TRUE(events) << events.error().error.message();
  EXPECT_FALSE(events->has_standby());
  EXPECT_FALSE(events->sample_events().empty());
}

TEST_F(StandbyEventsTest, AreDoneWithoutWhereTheyAreRefused) {
  for (const int refusal : {EINVAL, EACCES, EMFILE, ENOMEM}) {
    const auto events = EventSet::open(
        request_for({this_thread()}), [&](perf_event_attr& attr, const EventPlace& place) {
          return attr.sample_stack_user == kMaxStackBytes ? -refusal
                                                          : perf_event_open_call(attr, place);
        });
    ASSERT_TRUE(events) << events.error().error.message();
    EXPECT_FALSE(events->has_standby());
    EXPECT_EQ(events->sample_events().size(), online_cpus().size());
    EXPECT_EQ(events->sample_roots().size(), online_cpus().size());
  }
}

TEST_F(StandbyEventsTest, StandByForNoThreadThatHasEndedMeanwhile) {
  // It ends between the two calls.
  constexpr Tid kEnding = 0x7ffffff0;
  const auto events = EventSet::open(
      request_for({kEnding, this_thread()}), [&](perf_event_attr& attr, const EventPlace& place) {
        const bool stands_by = attr.sample_stack_user == kMaxStackBytes;
        if (place.pid == kEnding && stands_by) {
          return perf_event_open_call(attr, {.pid = 0, .cpu = place.cpu});
        }
        return perf_event_open_call(attr, place);
      });
  ASSERT_TRUE(events) << events.error().error.message();
  if (!events->has_standby()) GTEST_SKIP() << "no rings of 2 MiB are allowed here";
  EXPECT_EQ(events->standby_events().size(), events->sample_events().size());
  const auto roots = events->sample_roots();
  EXPECT_EQ(roots.size(), 2 * online_cpus().size());
  for (const auto& [id, tid] : roots) EXPECT_EQ(tid, this_thread());
}

}  // namespace
}  // namespace profiler::record
