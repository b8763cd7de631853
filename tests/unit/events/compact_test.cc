#include "events/compact.h"

#include <gtest/gtest.h>
#include <linux/perf_event.h>

#include "record_builder.h"

namespace profiler::events {
namespace {

constexpr EventLayout kLayout{.sample_type = PERF_SAMPLE_TIME | PERF_SAMPLE_CALLCHAIN |
                                             PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER |
                                             PERF_SAMPLE_CGROUP,
                              .user_register_mask = 3};

std::vector<std::byte> sample(std::uint64_t reserved, std::uint64_t valid) {
  RecordBuilder r(PERF_RECORD_SAMPLE, PERF_RECORD_MISC_USER);
  r.u64(1000).u64(1).u64(0xc0de).u64(PERF_SAMPLE_REGS_ABI_64).u64(0xa).u64(0xb).u64(reserved);
  for (std::uint64_t i = 0; i < reserved / 8; ++i) r.u64(i);
  if (reserved != 0) r.u64(valid);
  return r.u64(0xc9).finish();
}

struct Result2 {
  Compacted compacted;
  std::vector<std::byte> bytes;
  SampleEvent event;
};

Result2 compacted(const std::vector<std::byte>& record, std::size_t max_stack) {
  Result2 r;
  r.compacted = append_compacted(record, kLayout, max_stack, r.bytes);
  const auto event = decode(r.bytes, kLayout);
  EXPECT_TRUE(event) << (event ? "" : event.error().message());
  if (event) r.event = std::get<SampleEvent>(*event);
  return r;
}

TEST(Compact, KeepsOnlyTheValidPartOfAStack) {
  const auto r = compacted(sample(4096, 64), 32768);
  EXPECT_EQ(r.event.user_stack.size(), 64U);
  EXPECT_EQ(r.compacted.requested_stack, 4096U);
  EXPECT_FALSE(r.compacted.shortened);
  EXPECT_EQ(r.bytes.size(), sample(64, 64).size());
  EXPECT_EQ(r.event.callchain[0], 0xc0deU);
  EXPECT_EQ(r.event.user_registers.values[1], 0xbU);
  EXPECT_EQ(std::to_integer<int>(r.event.user_stack[56]), 7);
}

TEST(Compact, IsALegalRecordWithTheSameRest) {
  const auto r = compacted(sample(4096, 64), 32768);
  EXPECT_EQ(r.bytes, sample(64, 64));
}

TEST(Compact, SaysWhenItLeftValidBytesOut) {
  const auto r = compacted(sample(4096, 2048), 1000);
  EXPECT_EQ(r.event.user_stack.size(), 1000U);
  EXPECT_TRUE(r.compacted.shortened);
  EXPECT_EQ(r.compacted.requested_stack, 1000U);
}

TEST(Compact, RoundsDownToWholeWords) {
  EXPECT_EQ(compacted(sample(4096, 63), 32768).event.user_stack.size(), 56U);
  EXPECT_EQ(compacted(sample(4096, 64), 30).event.user_stack.size(), 24U);
  EXPECT_FALSE(compacted(sample(4096, 63), 32768).compacted.shortened);
}

TEST(Compact, KeepsAFullStackAsItIs) {
  const auto record = sample(4096, 4096);
  const auto r = compacted(record, 4096);
  EXPECT_EQ(r.bytes, record);
  EXPECT_EQ(r.compacted.requested_stack, 4096U);
}

TEST(Compact, WritesAnEmptyStackAsTheKernelDoes) {
  for (const auto& r : {compacted(sample(4096, 0), 32768), compacted(sample(4096, 64), 0)}) {
    EXPECT_EQ(r.bytes, sample(0, 0));
    EXPECT_TRUE(r.event.user_stack.empty());
  }
  EXPECT_EQ(compacted(sample(4096, 0), 32768).compacted.requested_stack, 4096U);
}

TEST(Compact, LeavesOtherRecordsAlone) {
  const auto comm = RecordBuilder(PERF_RECORD_COMM).i32(1).i32(1).string("x").finish();
  std::vector<std::byte> out = {std::byte{9}};
  const Compacted c = append_compacted(comm, kLayout, 100, out);
  EXPECT_EQ(c.requested_stack, 0U);
  EXPECT_EQ(std::vector(out.begin() + 1, out.end()), comm);
}

TEST(Compact, LeavesMalformedSamplesAlone) {
  const auto bad = RecordBuilder(PERF_RECORD_SAMPLE).u64(1).u64(1U << 30).finish();
  std::vector<std::byte> out;
  append_compacted(bad, kLayout, 100, out);
  EXPECT_EQ(out, bad);
  const auto claims = sample(64, 65);
  out.clear();
  append_compacted(claims, kLayout, 100, out);
  EXPECT_EQ(out, claims);
}

}  // namespace
}  // namespace profiler::events
