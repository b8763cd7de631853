#include "record/ring_buffer.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <vector>

namespace profiler::record {
namespace {

/// A ring in plain memory, with the kernel's side of it.
class FakeRing {
 public:
  explicit FakeRing(std::size_t bytes) : data_(bytes / 8) {}

  RingReader reader() { return {control_, bytes()}; }
  std::span<std::byte> bytes() { return std::as_writable_bytes(std::span(data_)); }
  perf_event_mmap_page& control() { return control_; }
  [[nodiscard]] std::size_t room() const {
    return data_.size() * 8 - (control_.data_head - control_.data_tail);
  }

  /// A record of that size whose body counts up from `seed`.
  void write(std::uint16_t size, std::uint8_t seed) { write_claiming(size, size, seed); }
  void write_claiming(std::size_t size, std::uint16_t claimed_size, std::uint8_t seed) {
    std::vector<std::byte> record(size);
    for (std::size_t i = 0; i < size; ++i) record[i] = std::byte(seed + i);
    const perf_event_header header{.type = PERF_RECORD_SAMPLE, .misc = 0, .size = claimed_size};
    std::memcpy(record.data(), &header, sizeof header);
    for (const std::byte byte : record) {
      bytes()[control_.data_head % bytes().size()] = byte;
      control_.data_head = control_.data_head + 1;
    }
  }

 private:
  perf_event_mmap_page control_{};
  std::vector<std::uint64_t> data_;
};

std::vector<std::vector<std::byte>> drain(RingReader& reader) {
  std::vector<std::vector<std::byte>> records;
  reader.drain([&](std::span<const std::byte> record) {
    records.emplace_back(record.begin(), record.end());
  });
  return records;
}

bool counts_up(const std::vector<std::byte>& record, std::uint8_t seed) {
  for (std::size_t i = sizeof(perf_event_header); i < record.size(); ++i) {
    if (record[i] != std::byte(seed + i)) return false;
  }
  return true;
}

TEST(RingBuffer, GivesNothingFromAnEmptyRing) {
  FakeRing ring(4096);
  RingReader reader = ring.reader();
  EXPECT_TRUE(drain(reader).empty());
  EXPECT_EQ(reader.malformed(), 0U);
}

TEST(RingBuffer, GivesRecordsInOrderAndTheirRoomBack) {
  FakeRing ring(4096);
  RingReader reader = ring.reader();
  ring.write(24, 1);
  ring.write(104, 2);
  const auto records = drain(reader);
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].size(), 24U);
  EXPECT_TRUE(counts_up(records[0], 1));
  EXPECT_EQ(records[1].size(), 104U);
  EXPECT_TRUE(counts_up(records[1], 2));
  EXPECT_EQ(ring.control().data_tail, ring.control().data_head);
}

TEST(RingBuffer, RebuildsARecordThatWraps) {
  FakeRing ring(256);
  RingReader reader = ring.reader();
  ring.write(200, 1);
  ASSERT_EQ(drain(reader).size(), 1U);
  ring.write(96, 7);  // 56 bytes before the end, 40 after it.
  const auto records = drain(reader);
  ASSERT_EQ(records.size(), 1U);
  ASSERT_EQ(records[0].size(), 96U);
  EXPECT_TRUE(counts_up(records[0], 7));
}

TEST(RingBuffer, RebuildsARecordWhoseHeaderAloneLiesBeforeTheEnd) {
  FakeRing ring(256);
  RingReader reader = ring.reader();
  ring.write(248, 1);
  drain(reader);
  ring.write(64, 9);
  const auto records = drain(reader);
  ASSERT_EQ(records.size(), 1U);
  EXPECT_TRUE(counts_up(records[0], 9));
}

TEST(RingBuffer, KeepsEveryRecordOverManyTurns) {
  FakeRing ring(1024);
  RingReader reader = ring.reader();
  std::mt19937 random(42);
  std::uint8_t written = 0;
  std::uint8_t read = 0;
  for (int turn = 0; turn < 2000; ++turn) {
    for (;;) {
      const auto size = static_cast<std::uint16_t>(8 + 8 * (random() % 40));
      if (size > ring.room()) break;
      ring.write(size, written++);
    }
    for (const auto& record : drain(reader)) ASSERT_TRUE(counts_up(record, read++));
  }
  EXPECT_EQ(read, written);
  EXPECT_EQ(reader.malformed(), 0U);
}

TEST(RingBuffer, GoesOnWherePositionsPassTheirLargestValue) {
  FakeRing ring(256);
  ring.control().data_head = ring.control().data_tail = ~std::uint64_t{0} - 63;
  RingReader reader = ring.reader();
  ring.write(40, 1);
  ring.write(80, 2);  // The positions wrap within this one.
  const auto records = drain(reader);
  ASSERT_EQ(records.size(), 2U);
  EXPECT_TRUE(counts_up(records[1], 2));
}

TEST(RingBuffer, GivesAFullRing) {
  FakeRing ring(256);
  RingReader reader = ring.reader();
  ring.write(128, 1);
  ring.write(128, 2);
  EXPECT_EQ(ring.room(), 0U);
  EXPECT_EQ(drain(reader).size(), 2U);
}

TEST(RingBuffer, GivesRoomBackDuringALongDrain) {
  FakeRing ring(1024);
  RingReader reader = ring.reader();
  for (int i = 0; i < 8; ++i) ring.write(128, 1);
  std::size_t room_at_last = 0;
  reader.drain([&](std::span<const std::byte>) { room_at_last = ring.room(); });
  EXPECT_GE(room_at_last, 1024U - 2 * 128U);
}

TEST(RingBuffer, SkipsWhatCannotBeARecord) {
  for (const std::uint16_t claimed : {0, 4, 7, 12, 4000}) {
    FakeRing ring(256);
    RingReader reader = ring.reader();
    ring.write(24, 1);
    ring.write_claiming(32, claimed, 2);
    EXPECT_EQ(drain(reader).size(), 1U) << claimed;
    EXPECT_EQ(reader.malformed(), 1U) << claimed;
    ring.write(24, 3);
    const auto after = drain(reader);
    ASSERT_EQ(after.size(), 1U) << claimed;
    EXPECT_TRUE(counts_up(after[0], 3)) << claimed;
  }
}

TEST(RingBuffer, SkipsAHeadThatIsFartherThanTheRingIsLong) {
  FakeRing ring(256);
  RingReader reader = ring.reader();
  ring.control().data_head = 264;
  EXPECT_TRUE(drain(reader).empty());
  EXPECT_EQ(reader.malformed(), 1U);
  ring.write(24, 3);
  EXPECT_EQ(drain(reader).size(), 1U);
}

TEST(RingBuffer, SkipsAHeadThatWentBackwards) {
  FakeRing ring(256);
  RingReader reader = ring.reader();
  ring.write(128, 1);
  drain(reader);
  ring.control().data_head = 64;
  EXPECT_TRUE(drain(reader).empty());
  EXPECT_EQ(reader.malformed(), 1U);
}

TEST(RingBuffer, SkipsAHeadThatIsNotAtARecordsEnd) {
  FakeRing ring(256);
  RingReader reader = ring.reader();
  ring.control().data_head = 4;
  EXPECT_TRUE(drain(reader).empty());
  EXPECT_EQ(reader.malformed(), 1U);
}

TEST(RingBuffer, RefusesToMapWhatIsNoEvent) {
  const auto ring = MappedRing::map(-1, 65536);
  ASSERT_FALSE(ring);
  EXPECT_NE(ring.error().system_error, 0);
}

}  // namespace
}  // namespace profiler::record
