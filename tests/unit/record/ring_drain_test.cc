#include "record/ring_drain.h"

#include <gtest/gtest.h>
#include <linux/perf_event.h>

#include <cstring>
#include <vector>

#include "events/record_queue.h"

namespace profiler::record {
namespace {

constexpr std::size_t kKiB = 1024;

TEST(BackPressure, ShortensStacksBeforeItDropsSamples) {
  EXPECT_EQ(stack_allowance(0, 1000), kWholeStack);
  EXPECT_EQ(stack_allowance(499, 1000), kWholeStack);
  EXPECT_EQ(stack_allowance(500, 1000), 8 * kKiB);
  EXPECT_EQ(stack_allowance(750, 1000), 2 * kKiB);
  EXPECT_EQ(stack_allowance(999, 1000), 2 * kKiB);
  EXPECT_EQ(stack_allowance(1000, 1000), kDropSample);
}

/// A ring filled once with samples (with a stack) and comm records.
class FilledRing {
 public:
  static constexpr std::uint64_t kSampleType = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP |
                                               PERF_SAMPLE_TID | PERF_SAMPLE_TIME |
                                               PERF_SAMPLE_STACK_USER;
  FilledRing() : data_(std::size_t{4} << 20) {}

  void add_sample(std::int32_t pid, std::uint64_t time, std::size_t stack) {
    std::vector<std::uint64_t> words = {0, 1, 0xabc, 0, time, stack};
    std::memcpy(&words[3], &pid, sizeof pid);
    words.insert(words.end(), stack / 8, 0x5555);
    words.push_back(stack);
    add(PERF_RECORD_SAMPLE, words);
  }
  void add_comm(std::int32_t pid, std::uint64_t time) {
    // pid and tid, "sh", then the trailer: pid and tid, time, identifier.
    std::vector<std::uint64_t> words = {0, 0, 0x6873, 0, time, 1};
    std::memcpy(&words[1], &pid, sizeof pid);
    add(PERF_RECORD_COMM, words);
  }
  RingReader reader() { return {control_, data_}; }

 private:
  void add(std::uint32_t type, std::vector<std::uint64_t> words) {
    const perf_event_header header{
        .type = type, .misc = 0, .size = static_cast<std::uint16_t>(words.size() * 8)};
    std::memcpy(words.data(), &header, sizeof header);
    std::memcpy(data_.data() + control_.data_head, words.data(), words.size() * 8);
    control_.data_head = control_.data_head + words.size() * 8;
  }
  perf_event_mmap_page control_{};
  std::vector<std::byte> data_;
};

struct Drained {
  std::size_t samples = 0;
  std::size_t comms = 0;
  std::size_t longest_stack = 0;
  std::size_t shortest_stack = ~std::size_t{0};
  DrainCounts counts;
};

Drained drain(FilledRing& ring, std::size_t budget, Pid own_pid = 0) {
  const std::vector<events::EventLayout> layouts = {
      {.sample_type = FilledRing::kSampleType, .sample_id_all = true}};
  Handoff handoff;
  RingDrain drain(layouts, budget, own_pid);
  RingReader reader = ring.reader();
  DrainRound round;
  drain.copy(reader, {.source = 0, .layout = 0}, handoff, round);
  round.release_until_ns = ~std::uint64_t{0};
  handoff.push(std::move(round));
  handoff.close();

  Drained result;
  result.counts = drain.counts();
  events::RecordQueue queue(layouts);
  while (auto taken = handoff.wait()) {
    for (auto& block : taken->blocks) queue.add(std::move(block));
  }
  queue.release_all([&](const events::QueuedRecord& record) {
    const auto event = events::decode(record);
    ASSERT_TRUE(event) << event.error().message();
    if (std::holds_alternative<CommEvent>(*event)) ++result.comms;
    if (const auto* sample = std::get_if<SampleEvent>(&*event)) {
      ++result.samples;
      result.longest_stack = std::max(result.longest_stack, sample->user_stack.size());
      result.shortest_stack = std::min(result.shortest_stack, sample->user_stack.size());
    }
  });
  return result;
}

TEST(RingDrain, CopiesEverythingWhenThereIsRoom) {
  FilledRing ring;
  for (int i = 0; i < 100; ++i) {
    ring.add_sample(7, 10 + i, 16 * kKiB);
    ring.add_comm(7, 10 + i);
  }
  const Drained drained = drain(ring, 64 << 20);
  EXPECT_EQ(drained.samples, 100U);
  EXPECT_EQ(drained.comms, 100U);
  EXPECT_EQ(drained.shortest_stack, 16 * kKiB);
  EXPECT_EQ(drained.counts.samples, 100U);
  EXPECT_EQ(drained.counts.stacks_shortened, 0U);
  EXPECT_EQ(drained.counts.samples_dropped, 0U);
}

TEST(RingDrain, UnderPressureLosesSamplesButNeverSideRecords) {
  FilledRing ring;
  for (int i = 0; i < 200; ++i) {
    ring.add_sample(7, 10 + i, 16 * kKiB);
    ring.add_comm(7, 10 + i);
  }
  const Drained drained = drain(ring, 512 * kKiB);
  EXPECT_EQ(drained.comms, 200U);
  EXPECT_GT(drained.counts.stacks_shortened, 0U);
  EXPECT_GT(drained.counts.samples_dropped, 0U);
  EXPECT_EQ(drained.counts.samples + drained.counts.samples_dropped, 200U);
  EXPECT_EQ(drained.samples, drained.counts.samples);
  EXPECT_EQ(drained.longest_stack, 16 * kKiB);
  EXPECT_EQ(drained.shortest_stack, 2 * kKiB);
}

TEST(RingDrain, LeavesTheProfilersOwnSamplesOut) {
  FilledRing ring;
  ring.add_sample(7, 1, 64);
  ring.add_sample(8, 2, 64);
  ring.add_comm(7, 3);
  const Drained drained = drain(ring, 64 << 20, 7);
  EXPECT_EQ(drained.samples, 1U);
  EXPECT_EQ(drained.comms, 1U);
}

TEST(Handoff, CountsWhatIsOnItsWay) {
  Handoff handoff;
  DrainRound round;
  round.blocks.push_back({.source = 0, .bytes = std::vector<std::byte>(1000)});
  handoff.push(std::move(round));
  EXPECT_EQ(handoff.bytes_in_flight(), 1000U);
  ASSERT_TRUE(handoff.wait());
  EXPECT_EQ(handoff.bytes_in_flight(), 1000U);
  handoff.set_held_bytes(300);
  EXPECT_EQ(handoff.bytes_in_flight(), 300U);
  handoff.close();
  EXPECT_FALSE(handoff.wait());
}

TEST(Handoff, GivesMemoryOutAgain) {
  Handoff handoff;
  EXPECT_EQ(handoff.take_buffer().capacity(), 0U);
  std::vector<std::vector<std::byte>> spent(1);
  spent[0].resize(5000);
  handoff.recycle(std::move(spent));
  const auto buffer = handoff.take_buffer();
  EXPECT_TRUE(buffer.empty());
  EXPECT_GE(buffer.capacity(), 5000U);
}

}  // namespace
}  // namespace profiler::record
