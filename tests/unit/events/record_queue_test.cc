#include "events/record_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/perf_event.h>

#include <algorithm>
#include <random>
#include <tuple>

#include "record_builder.h"

namespace profiler::events {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr EventLayout kTimed{
    .sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_TIME | PERF_SAMPLE_STACK_USER,
    .sample_id_all = true};
constexpr EventLayout kUntimed{.sample_type = PERF_SAMPLE_IP};

std::vector<std::byte> sample_at(std::uint64_t time, std::uint64_t ip = 0) {
  return RecordBuilder(PERF_RECORD_SAMPLE).u64(ip).u64(time).u64(0).finish();
}

std::vector<std::byte> comm_at(std::uint64_t time, std::string_view name) {
  return RecordBuilder(PERF_RECORD_COMM).i32(1).i32(1).string(name).u64(time).finish();
}

std::vector<std::byte> exit_at(std::uint64_t time) {
  return RecordBuilder(PERF_RECORD_EXIT).i32(1).i32(1).i32(1).i32(1).u64(time).u64(time).finish();
}

RecordBlock block(std::uint32_t source, const std::vector<std::vector<std::byte>>& records) {
  RecordBlock b{.source = source, .bytes = {}};
  for (const auto& record : records) append_entry(b, record, 0, kTimed, 32768);
  return b;
}

RecordBlock samples(std::uint32_t source, const std::vector<std::uint64_t>& times) {
  std::vector<std::vector<std::byte>> records;
  records.reserve(times.size());
  for (const std::uint64_t time : times) records.push_back(sample_at(time));
  return block(source, records);
}

std::vector<std::uint64_t> times_until(RecordQueue& queue, std::uint64_t until) {
  std::vector<std::uint64_t> times;
  queue.release(until, [&](const QueuedRecord& r) {
    times.push_back(time_of(r.bytes, *r.layout).value_or(0));
  });
  return times;
}

constexpr std::uint64_t kAll = ~std::uint64_t{0};

TEST(RecordQueue, MergesSources) {
  RecordQueue queue({kTimed});
  queue.add(samples(0, {10, 17, 25}));
  queue.add(samples(3, {12, 13, 40}));
  EXPECT_THAT(times_until(queue, kAll), ElementsAre(10, 12, 13, 17, 25, 40));
  EXPECT_EQ(queue.size(), 0U);
}

TEST(RecordQueue, HoldsBackWhatIsNotYetSafe) {
  RecordQueue queue({kTimed});
  queue.add(samples(0, {10, 20, 30}));
  EXPECT_THAT(times_until(queue, 20), ElementsAre(10, 20));
  queue.add(samples(1, {25}));
  EXPECT_THAT(times_until(queue, 29), ElementsAre(25));
  EXPECT_THAT(times_until(queue, 29), IsEmpty());
  EXPECT_THAT(times_until(queue, 30), ElementsAre(30));
  EXPECT_EQ(queue.late_records(), 0U);
}

TEST(RecordQueue, PutsWhatExistsBeforeSamplesAndExitsAfterThemAtEqualTimes) {
  RecordQueue queue({kTimed});
  queue.add(block(0, {exit_at(5), sample_at(5, 1), sample_at(5, 2)}));
  queue.add(block(1, {sample_at(5, 3), comm_at(5, "late")}));
  std::vector<std::string> order;
  queue.release_all([&](const QueuedRecord& r) {
    const auto event = decode(r);
    ASSERT_TRUE(event);
    if (const auto* s = std::get_if<SampleEvent>(&*event)) {
      order.push_back("sample " + std::to_string(s->ip.value()));
    } else if (std::holds_alternative<CommEvent>(*event)) {
      order.emplace_back("comm");
    } else {
      order.emplace_back("exit");
    }
  });
  EXPECT_THAT(order, ElementsAre("comm", "sample 1", "sample 2", "sample 3", "exit"));
}

TEST(RecordQueue, MendsASourceThatIsSlightlyUnsorted) {
  RecordQueue queue({kTimed});
  queue.add(samples(0, {10, 30, 20, 40, 35}));
  queue.add(samples(0, {15, 50}));
  queue.add(samples(1, {22}));
  EXPECT_THAT(times_until(queue, kAll), ElementsAre(10, 15, 20, 22, 30, 35, 40, 50));
}

TEST(RecordQueue, GivesRecordsWithoutATimeAtOnce) {
  RecordQueue queue({kTimed, kUntimed});
  queue.add(samples(0, {10}));
  RecordBlock untimed{.source = 1, .bytes = {}};
  append_entry(untimed, RecordBuilder(PERF_RECORD_SAMPLE).u64(7).finish(), 1, kUntimed, 0);
  queue.add(std::move(untimed));
  EXPECT_THAT(times_until(queue, 0), ElementsAre(0));
  EXPECT_THAT(times_until(queue, kAll), ElementsAre(10));
}

TEST(RecordQueue, GivesLateRecordsAtOnceAndCountsThem) {
  RecordQueue queue({kTimed});
  queue.add(samples(0, {10, 20}));
  EXPECT_THAT(times_until(queue, 20), ElementsAre(10, 20));
  queue.add(samples(1, {15, 25}));
  EXPECT_THAT(times_until(queue, 20), ElementsAre(15));
  EXPECT_EQ(queue.late_records(), 1U);
}

TEST(RecordQueue, RemembersTheStackThatWasRequested) {
  RecordBuilder r(PERF_RECORD_SAMPLE);
  r.u64(1).u64(10).u64(64);
  for (int i = 0; i < 8; ++i) r.u64(0);
  RecordBlock b{.source = 0, .bytes = {}};
  append_entry(b, r.u64(16).finish(), 0, kTimed, 32768);
  RecordQueue queue({kTimed});
  queue.add(std::move(b));
  const auto record = queue.pop(kAll);
  ASSERT_TRUE(record);
  const auto event = decode(*record);
  ASSERT_TRUE(event);
  EXPECT_EQ(std::get<SampleEvent>(*event).user_stack.size(), 16U);
  EXPECT_EQ(std::get<SampleEvent>(*event).user_stack_requested, 64U);
}

TEST(RecordQueue, ReturnsBuffersAndForgetsTheirBytes) {
  RecordQueue queue({kTimed});
  auto first = samples(0, {10, 20});
  const std::size_t size = first.bytes.size();
  const std::byte* buffer = first.bytes.data();
  queue.add(std::move(first));
  queue.add(samples(0, {30}));
  EXPECT_GT(queue.bytes(), size);
  EXPECT_THAT(queue.take_spent_blocks(), IsEmpty());
  EXPECT_THAT(times_until(queue, 20), ElementsAre(10, 20));
  auto spent = queue.take_spent_blocks();
  ASSERT_EQ(spent.size(), 1U);
  EXPECT_TRUE(spent[0].empty());
  EXPECT_EQ(spent[0].data(), buffer);
  EXPECT_LT(queue.bytes(), size);
  times_until(queue, kAll);
  EXPECT_EQ(queue.bytes(), 0U);
}

TEST(RecordQueue, RefusesEntriesThatContradictTheirBlock) {
  RecordQueue queue({kTimed});
  auto cut = samples(0, {10, 20});
  cut.bytes.resize(cut.bytes.size() - 8);
  queue.add(std::move(cut));
  auto layout = samples(0, {30});
  layout.bytes[4] = std::byte{9};
  queue.add(std::move(layout));
  queue.add(RecordBlock{.source = ~0U, .bytes = samples(0, {1}).bytes});
  queue.add(RecordBlock{.source = 0, .bytes = std::vector<std::byte>(5)});
  EXPECT_EQ(queue.malformed_entries(), 4U);
  EXPECT_THAT(times_until(queue, kAll), ElementsAre(10));
  EXPECT_EQ(queue.bytes(), 0U);
}

TEST(RecordQueue, KeepsRecordsOfOddSizesReadable) {
  RecordBuilder odd(PERF_RECORD_COMM);
  const auto record = odd.i32(1).i32(1).u8('x').u64(10).finish();
  RecordQueue queue({kTimed});
  queue.add(block(0, {record, sample_at(11)}));
  EXPECT_THAT(times_until(queue, kAll), ElementsAre(10, 11));
}

/// Whatever the blocks and the releases, what comes out is a stable sort of what went in.
TEST(RecordQueue, AgreesWithAStableSort) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 24; ++round) {
    const std::uint64_t disorder = round % 4 == 0 ? 10000 : round % 4 == 1 ? 0 : 30;
    struct Key {
      std::uint64_t time;
      int rank;
      std::uint32_t source;
      std::uint64_t serial;
    };
    std::vector<Key> expected;
    std::vector<Key> given;
    RecordQueue queue({kTimed});
    std::uint64_t serial = 0;
    std::uint64_t clock = 100000;
    const auto take = [&](const QueuedRecord& r) {
      const auto event = decode(r);
      ASSERT_TRUE(event);
      const auto& s = std::get<SampleEvent>(*event);
      given.push_back({s.context.time_ns, 1, r.source, s.ip.value()});
    };
    for (int batch = 0; batch < 20; ++batch) {
      // Everything before `floor` has been delivered.
      const std::uint64_t floor = clock;
      for (std::uint32_t source = 0; source < 5; ++source) {
        std::vector<std::vector<std::byte>> records;
        std::uint64_t time = floor;
        const int count = static_cast<int>(random() % 300);
        for (int i = 0; i < count; ++i) {
          time += random() % 3;
          const std::uint64_t at = time + (disorder == 0 ? 0 : random() % disorder);
          records.push_back(sample_at(at, serial));
          expected.push_back({at, 1, source, serial++});
          clock = std::max(clock, at + 1);
        }
        queue.add(block(source, records));
      }
      if (random() % 2 == 0 && floor > 0) queue.release(floor - 1, take);
    }
    queue.release_all(take);
    std::ranges::sort(expected, {},
                      [](const Key& key) { return std::tuple(key.time, key.source, key.serial); });
    ASSERT_EQ(given.size(), expected.size());
    for (std::size_t i = 0; i < given.size(); ++i) {
      ASSERT_EQ(given[i].serial, expected[i].serial) << "round " << round << " record " << i;
    }
    EXPECT_EQ(queue.late_records(), 0U);
    EXPECT_EQ(queue.bytes(), 0U);
  }
}

}  // namespace
}  // namespace profiler::events
