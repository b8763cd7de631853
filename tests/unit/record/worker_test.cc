#include "record/worker.h"

#include <gtest/gtest.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstring>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "record/file_descriptor.h"
#include "record/reader.h"

namespace profiler::record {
namespace {

constexpr std::uint64_t kEnd = std::numeric_limits<std::uint64_t>::max();

/// Feeds a worker with records of one sample ring (source 0) and one side ring (source 1).
class WorkerTest : public ::testing::Test {
 protected:
  void add_lost(std::uint32_t source, std::uint64_t count, std::uint64_t time) {
    add(source, PERF_RECORD_LOST, {1, count, 0, time});
  }
  void add_comm(std::uint64_t time) { add(1, PERF_RECORD_COMM, {0, 0x6873, 0, time}); }
  /// Words after the header; the last two are the trailer: pid and tid, time.
  void add(std::uint32_t source, std::uint32_t type, const std::vector<std::uint64_t>& words) {
    std::vector<std::uint64_t> record = {0};
    record.insert(record.end(), words.begin(), words.end());
    const perf_event_header header{
        .type = type, .misc = 0, .size = static_cast<std::uint16_t>(record.size() * 8)};
    std::memcpy(record.data(), &header, sizeof header);
    events::RecordBlock block{.source = source, .bytes = {}};
    const std::uint32_t layout = layout_row(source == 1 ? RingKind::kSide : RingKind::kSamples);
    events::append_entry(block, std::as_bytes(std::span(record)), layout, layouts_[layout],
                         kWholeStack);
    round_.blocks.push_back(std::move(block));
  }
  void push(std::uint64_t release_until_ns) {
    round_.release_until_ns = release_until_ns;
    handoff_.push(std::exchange(round_, {}));
  }

  std::vector<events::EventLayout> layouts_ = {
      {.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_IP, .sample_id_all = true},
      {.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME, .sample_id_all = true}};
  Handoff handoff_;
  DrainRound round_;
  pipeline::Pipeline pipeline_{{}, nullptr};
  FileDescriptor wake_{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
};

TEST_F(WorkerTest, CountsLossesByTheRingTheyStandIn) {
  Worker worker(layouts_, handoff_, pipeline_, WorkerSettings{}, wake_.get());
  add_lost(0, 5, 10);
  add_lost(1, 3, 11);
  add_lost(0, 2, 12);
  push(kEnd);
  handoff_.close();
  const WorkerResult result = worker.join();
  EXPECT_EQ(result.samples_lost, 7U);
  EXPECT_EQ(result.side_records_lost, 3U);
  EXPECT_EQ(worker.lost(), 7U);
}

TEST_F(WorkerTest, SharesOutLossesAmongTargetAndStrangers) {
  constexpr std::uint64_t kTarget = 7;
  constexpr std::uint64_t kStranger = 8;
  pipeline_.add_target(kTarget, pipeline::TargetStart::kNow);
  WorkerSettings with_strangers;
  with_strangers.drop_strangers = true;
  Worker worker(layouts_, handoff_, pipeline_, with_strangers, wake_.get());
  // A sample: ip, pid and tid, time.
  for (std::uint64_t i = 0; i < 10; ++i)
    add(0, PERF_RECORD_SAMPLE, {0x1000, i < 2 ? kTarget : kStranger, i});
  add_lost(0, 50, 10);
  push(kEnd);
  round_.dropped = {100};  // By the reader, likewise.
  push(kEnd);
  handoff_.close();
  const WorkerResult result = worker.join();
  EXPECT_EQ(worker.stranger_samples(), 8U);
  EXPECT_EQ(result.samples_lost, 50U) << "the count stays as it was";
  EXPECT_EQ(result.loss_share.of_others(), 120U);
  EXPECT_EQ(worker.lost_of_others(), 120U);
}

TEST_F(WorkerTest, ReadsMapsAgainOnceAfterARowOfLostSideRecords) {
  int reads = 0;
  WorkerSettings with_maps;
  with_maps.read_maps_again = [&](pipeline::Pipeline&) { ++reads; };
  Worker worker(layouts_, handoff_, pipeline_, with_maps, wake_.get());
  add_lost(0, 9, 9);
  add_comm(10);
  push(kEnd);
  add_lost(1, 3, 11);
  add_lost(1, 1, 12);
  add_comm(13);
  add_comm(14);
  push(kEnd);
  handoff_.close();
  worker.join();
  EXPECT_EQ(reads, 1);
}

TEST_F(WorkerTest, CountsRecordsThatMakeNoSense) {
  Worker worker(layouts_, handoff_, pipeline_, WorkerSettings{}, wake_.get());
  add(0, PERF_RECORD_SAMPLE, {1});
  push(kEnd);
  handoff_.close();
  EXPECT_EQ(worker.join().malformed, 1U);
}

TEST_F(WorkerTest, AsksForTheEndAtALimit) {
  WorkerSettings limited;
  limited.limit_reached = [] { return true; };
  Worker worker(layouts_, handoff_, pipeline_, limited, wake_.get());
  push(0);
  pollfd polled{.fd = wake_.get(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(::poll(&polled, 1, 10'000), 1);
  EXPECT_TRUE(worker.wants_end());
  handoff_.close();
  worker.join();
}

TEST_F(WorkerTest, KnowsItsTargetsOnlyWhenRecordsUpToThenWereHandled) {
  pipeline_.add_target(::getpid(), pipeline::TargetStart::kNow);
  Worker worker(layouts_, handoff_, pipeline_, WorkerSettings{}, wake_.get());
  auto targets = worker.targets_as_of(100);
  push(99);
  push(100);
  const auto answer = targets.get();
  ASSERT_TRUE(answer);
  EXPECT_EQ(*answer, std::vector<Pid>{::getpid()});
  auto unanswered = worker.targets_as_of(101);
  handoff_.close();
  worker.join();
  EXPECT_FALSE(unanswered.get());
  EXPECT_FALSE(worker.targets_as_of(1).get());
}

}  // namespace
}  // namespace profiler::record
