#include "events/decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/perf_event.h>

#include <bit>
#include <deque>
#include <random>

#include "record_builder.h"

namespace profiler::events {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::uint64_t kBranchCounters = 1U << 19;
constexpr std::uint64_t kFormatLost = 1U << 4;

/// The record decoded; its strings and spans point into a copy that outlives the test's use of
/// them.
template <class T>
T decoded(std::vector<std::byte> bytes, const EventLayout& layout) {
  static std::deque<std::vector<std::byte>> kept;
  const std::vector<std::byte>& record = kept.emplace_back(std::move(bytes));
  if (kept.size() > 100) kept.pop_front();
  const Result<Event> event = decode(record, layout);
  EXPECT_TRUE(event) << (event ? "" : event.error().message());
  if (!event || !std::holds_alternative<T>(*event)) {
    ADD_FAILURE() << "another kind of event";
    return {};
  }
  return std::get<T>(*event);
}

/// The fields of the samples that build_sample() makes.
constexpr std::uint64_t kIp = 0x401234;
constexpr std::uint64_t kTime = 123456789;
constexpr std::uint64_t kId = 77;
constexpr std::uint64_t kPeriod = 1001001;
constexpr std::uint64_t kStackSize = 32;
constexpr std::uint64_t kStackValid = 16;

/// A sample with exactly the fields that the layout names.
std::vector<std::byte> build_sample(const EventLayout& l) {
  RecordBuilder r(PERF_RECORD_SAMPLE, PERF_RECORD_MISC_USER);
  const auto has = [&l](std::uint64_t bit) { return (l.sample_type & bit) != 0; };
  const auto format = [&l](std::uint64_t bit) { return (l.read_format & bit) != 0; };
  if (has(PERF_SAMPLE_IDENTIFIER)) r.u64(kId);
  if (has(PERF_SAMPLE_IP)) r.u64(kIp);
  if (has(PERF_SAMPLE_TID)) r.i32(11).i32(12);
  if (has(PERF_SAMPLE_TIME)) r.u64(kTime);
  if (has(PERF_SAMPLE_ADDR)) r.u64(0xadd);
  if (has(PERF_SAMPLE_ID)) r.u64(kId);
  if (has(PERF_SAMPLE_STREAM_ID)) r.u64(0x57);
  if (has(PERF_SAMPLE_CPU)) r.u32(3).u32(0);
  if (has(PERF_SAMPLE_PERIOD)) r.u64(kPeriod);
  if (has(PERF_SAMPLE_READ)) {
    const auto counter = [&] {
      r.u64(1);
      if (format(PERF_FORMAT_ID)) r.u64(2);
      if (format(kFormatLost)) r.u64(3);
    };
    if (!format(PERF_FORMAT_GROUP)) {
      r.u64(1);
      if (format(PERF_FORMAT_TOTAL_TIME_ENABLED)) r.u64(4);
      if (format(PERF_FORMAT_TOTAL_TIME_RUNNING)) r.u64(5);
      if (format(PERF_FORMAT_ID)) r.u64(2);
      if (format(kFormatLost)) r.u64(3);
    } else {
      r.u64(3);
      if (format(PERF_FORMAT_TOTAL_TIME_ENABLED)) r.u64(4);
      if (format(PERF_FORMAT_TOTAL_TIME_RUNNING)) r.u64(5);
      for (int i = 0; i < 3; ++i) counter();
    }
  }
  if (has(PERF_SAMPLE_CALLCHAIN)) r.u64(3).u64(PERF_CONTEXT_USER).u64(0xa).u64(0xb);
  if (has(PERF_SAMPLE_RAW)) r.u32(12).u64(0x7261).u32(0x77);
  if (has(PERF_SAMPLE_BRANCH_STACK)) {
    r.u64(2);
    if ((l.branch_sample_type & PERF_SAMPLE_BRANCH_HW_INDEX) != 0) r.u64(9);
    for (int i = 0; i < 2 * 3; ++i) r.u64(0xb0);
    if ((l.branch_sample_type & kBranchCounters) != 0) r.u64(1).u64(2);
  }
  if (has(PERF_SAMPLE_REGS_USER)) {
    r.u64(PERF_SAMPLE_REGS_ABI_64);
    for (int i = 0; i < std::popcount(l.user_register_mask); ++i) r.u64(0x100 + i);
  }
  if (has(PERF_SAMPLE_STACK_USER)) {
    r.u64(kStackSize);
    for (std::uint64_t i = 0; i < kStackSize / 8; ++i) r.u64(0x5000 + i);
    r.u64(kStackValid);
  }
  if (has(PERF_SAMPLE_WEIGHT | PERF_SAMPLE_WEIGHT_STRUCT)) r.u64(6);
  if (has(PERF_SAMPLE_DATA_SRC)) r.u64(7);
  if (has(PERF_SAMPLE_TRANSACTION)) r.u64(8);
  if (has(PERF_SAMPLE_REGS_INTR)) {
    r.u64(PERF_SAMPLE_REGS_ABI_64);
    for (int i = 0; i < std::popcount(l.interrupt_register_mask); ++i) r.u64(0x200 + i);
  }
  if (has(PERF_SAMPLE_PHYS_ADDR)) r.u64(9);
  if (has(PERF_SAMPLE_CGROUP)) r.u64(10);
  if (has(PERF_SAMPLE_DATA_PAGE_SIZE)) r.u64(4096);
  if (has(PERF_SAMPLE_CODE_PAGE_SIZE)) r.u64(4096);
  if (has(PERF_SAMPLE_AUX)) r.u64(8).u64(0xa0);
  return r.finish();
}

void expect_fields(const SampleEvent& s, const EventLayout& l) {
  const auto has = [&l](std::uint64_t bit) { return (l.sample_type & bit) != 0; };
  EXPECT_EQ(s.mode, CpuMode::kUser);
  EXPECT_EQ(s.ip.value(), has(PERF_SAMPLE_IP) ? kIp : 0);
  EXPECT_EQ(s.context.pid, has(PERF_SAMPLE_TID) ? 11 : 0);
  EXPECT_EQ(s.context.tid, has(PERF_SAMPLE_TID) ? 12 : 0);
  EXPECT_EQ(s.context.time_ns, has(PERF_SAMPLE_TIME) ? kTime : 0);
  EXPECT_EQ(s.context.id, has(PERF_SAMPLE_ID | PERF_SAMPLE_IDENTIFIER) ? kId : 0);
  EXPECT_EQ(s.context.cpu, has(PERF_SAMPLE_CPU) ? 3U : 0U);
  EXPECT_EQ(s.period, has(PERF_SAMPLE_PERIOD) ? kPeriod : 0);
  EXPECT_EQ(s.callchain.size(), has(PERF_SAMPLE_CALLCHAIN) ? 3U : 0U);
  if (!s.callchain.empty()) {
    EXPECT_EQ(s.callchain[2], 0xbU);
  }
  const auto registers = has(PERF_SAMPLE_REGS_USER)
                             ? static_cast<std::size_t>(std::popcount(l.user_register_mask))
                             : 0;
  EXPECT_EQ(s.user_registers.values.size(), registers);
  for (std::size_t i = 0; i < registers; ++i) {
    EXPECT_EQ(s.user_registers.values[i], 0x100 + i);
  }
  EXPECT_EQ(s.user_stack_requested, has(PERF_SAMPLE_STACK_USER) ? kStackSize : 0);
  ASSERT_EQ(s.user_stack.size(), has(PERF_SAMPLE_STACK_USER) ? kStackValid : 0);
  if (!s.user_stack.empty()) {
    EXPECT_EQ(std::to_integer<int>(s.user_stack[8]), 0x01);
  }
}

EventLayout random_layout(std::mt19937_64& random) {
  constexpr std::uint64_t kAll = (1ULL << 25) - 1;
  EventLayout layout{
      .sample_type = random() & kAll,
      .read_format = random() & 0x1f,
      .branch_sample_type = random() & (PERF_SAMPLE_BRANCH_HW_INDEX | kBranchCounters),
      .user_register_mask = random() & 0xff0fff,
      .interrupt_register_mask = random() & 0xff0fff,
      .sample_id_all = (random() & 1) != 0};
  return layout;
}

TEST(Decoder, FindsItsFieldsAmongAnyCombinationOfOthers) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 5000; ++i) {
    const EventLayout layout = random_layout(random);
    const auto record = build_sample(layout);
    SCOPED_TRACE(testing::Message() << std::hex << layout.sample_type << " " << layout.read_format);
    expect_fields(decoded<SampleEvent>(record, layout), layout);
    const auto time = time_of(record, layout);
    EXPECT_EQ(time.has_value(), (layout.sample_type & PERF_SAMPLE_TIME) != 0);
    if (time) {
      EXPECT_EQ(*time, kTime);
    }
    if (testing::Test::HasFailure()) break;
  }
}

TEST(Decoder, SkipsEachFieldOnItsOwn) {
  for (int bit = 0; bit < 25; ++bit) {
    const EventLayout layout{.sample_type = 1ULL << bit | PERF_SAMPLE_STACK_USER |
                                            PERF_SAMPLE_REGS_USER | PERF_SAMPLE_IP |
                                            PERF_SAMPLE_TIME,
                             .read_format = PERF_FORMAT_GROUP | PERF_FORMAT_ID,
                             .user_register_mask = 0x3,
                             .interrupt_register_mask = 0x7};
    SCOPED_TRACE(bit);
    expect_fields(decoded<SampleEvent>(build_sample(layout), layout), layout);
  }
}

TEST(Decoder, RefusesASampleCutAnywhere) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 200; ++i) {
    const EventLayout layout = random_layout(random);
    auto whole = build_sample(layout);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      auto cut = std::vector(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      const auto size_field = static_cast<std::uint16_t>(size);
      if (size >= 8) std::memcpy(cut.data() + 6, &size_field, 2);
      EXPECT_FALSE(decode(cut, layout)) << size << " of " << whole.size();
      (void)time_of(cut, layout);
    }
  }
}

TEST(Decoder, SurvivesAnyBytes) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 20000; ++i) {
    const EventLayout layout = random_layout(random);
    auto record = build_sample(layout);
    for (int flips = 0; flips < 4; ++flips) {
      const std::size_t at = random() % record.size();
      if (at == 6 || at == 7) continue;  // Its size, which the caller has checked.
      record[at] = std::byte{static_cast<std::uint8_t>((random() & 1) != 0 ? 0xff : random())};
    }
    (void)decode(record, layout);
    (void)time_of(record, layout);
    const auto type = static_cast<std::uint32_t>(random() % 24);
    std::memcpy(record.data(), &type, sizeof type);
    (void)decode(record, layout);
    (void)time_of(record, layout);
  }
}

TEST(Decoder, RefusesCountsThatOverflow) {
  const EventLayout layout{.sample_type = PERF_SAMPLE_CALLCHAIN};
  for (const std::uint64_t count : {2ULL, 0x2000000000000001ULL, ~0ULL}) {
    const auto record = RecordBuilder(PERF_RECORD_SAMPLE).u64(count).u64(0).finish();
    EXPECT_FALSE(decode(record, layout)) << count;
  }
  const EventLayout branches{.sample_type = PERF_SAMPLE_BRANCH_STACK};
  const auto record =
      RecordBuilder(PERF_RECORD_SAMPLE).u64(0x0aaaaaaaaaaaaaabULL).u64(0).u64(0).u64(0).finish();
  EXPECT_FALSE(decode(record, branches));
}

TEST(Decoder, SaysWhichRecordIsMalformed) {
  const auto record = RecordBuilder(PERF_RECORD_FORK).u64(1).finish();
  const auto event = decode(record, {});
  ASSERT_FALSE(event);
  EXPECT_THAT(event.error().message(), HasSubstr("type 7"));
}

TEST(Decoder, RefusesFieldsOfANewerKernel) {
  const EventLayout layout{.sample_type = PERF_SAMPLE_IP | 1ULL << 25};
  EXPECT_FALSE(decode(RecordBuilder(PERF_RECORD_SAMPLE).u64(1).u64(2).finish(), layout));
}

TEST(Decoder, ReadsNoRegistersOfAKernelThread) {
  const EventLayout layout{.sample_type = PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER,
                           .user_register_mask = 0xff0fff};
  const auto record =
      RecordBuilder(PERF_RECORD_SAMPLE).u64(PERF_SAMPLE_REGS_ABI_NONE).u64(0).finish();
  const auto sample = decoded<SampleEvent>(record, layout);
  EXPECT_EQ(sample.user_registers.abi, 0U);
  EXPECT_TRUE(sample.user_registers.values.empty());
  EXPECT_TRUE(sample.user_stack.empty());
}

// --- Records with a sample_id trailer.

constexpr EventLayout kTrailing{
    .sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME |
                   PERF_SAMPLE_ID | PERF_SAMPLE_STREAM_ID | PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD,
    .sample_id_all = true};

RecordBuilder& with_trailer(RecordBuilder& r) {
  return r.i32(21).i32(22).u64(kTime).u64(kId).u64(0).u32(5).u32(0).u64(kId);
}

void expect_trailer(const EventContext& context) {
  EXPECT_EQ(context.pid, 21);
  EXPECT_EQ(context.tid, 22);
  EXPECT_EQ(context.time_ns, kTime);
  EXPECT_EQ(context.cpu, 5U);
  EXPECT_EQ(context.id, kId);
}

TEST(Decoder, ReadsAMmapWithoutTakingTheTrailerForItsName) {
  RecordBuilder r(PERF_RECORD_MMAP2, PERF_RECORD_MISC_USER);
  r.i32(1).i32(2).u64(0x7000).u64(0x1000).u64(0x2000).u32(254).u32(1).u64(99).u64(3).u32(5).u32(2);
  r.string("/lib/x.so");
  const auto event = decoded<MmapEvent>(with_trailer(r).finish(), kTrailing);
  expect_trailer(event.context);
  EXPECT_EQ(event.pid, 1);
  EXPECT_EQ(event.tid, 2);
  EXPECT_EQ(event.start.value(), 0x7000U);
  EXPECT_EQ(event.length, 0x1000U);
  EXPECT_EQ(event.file_offset.value(), 0x2000U);
  EXPECT_EQ(event.device_major, 254U);
  EXPECT_EQ(event.device_minor, 1U);
  EXPECT_EQ(event.inode, 99U);
  EXPECT_EQ(event.inode_generation, 3U);
  EXPECT_TRUE(event.executable);
  EXPECT_FALSE(event.build_id);
  EXPECT_EQ(event.path, "/lib/x.so");
}

TEST(Decoder, ReadsTheBuildIdOfAMmap) {
  RecordBuilder r(PERF_RECORD_MMAP2, PERF_RECORD_MISC_MMAP_BUILD_ID | PERF_RECORD_MISC_MMAP_DATA);
  r.i32(1).i32(2).u64(0x7000).u64(0x1000).u64(0).u8(20).u8(0).u16(0);
  for (std::uint8_t i = 0; i < 20; ++i) r.u8(i);
  r.u32(1).u32(2).string("/a");
  const auto event = decoded<MmapEvent>(r.finish(), {});
  EXPECT_EQ(event.build_id.hex(), "000102030405060708090a0b0c0d0e0f10111213");
  EXPECT_FALSE(event.executable);
  EXPECT_EQ(event.path, "/a");
}

TEST(Decoder, RefusesABuildIdLongerThanItsField) {
  RecordBuilder r(PERF_RECORD_MMAP2, PERF_RECORD_MISC_MMAP_BUILD_ID);
  r.i32(1).i32(2).u64(0x7000).u64(0x1000).u64(0).u8(21).u8(0).u16(0);
  for (int i = 0; i < 20; ++i) r.u8(0xab);
  r.u32(1).u32(2).string("/a");
  EXPECT_FALSE(decode(r.finish(), {}));
}

TEST(Decoder, TellsExecFromRename) {
  RecordBuilder exec(PERF_RECORD_COMM, PERF_RECORD_MISC_COMM_EXEC);
  const auto a =
      decoded<CommEvent>(with_trailer(exec.i32(8).i32(9).string("cc1")).finish(), kTrailing);
  EXPECT_TRUE(a.exec);
  EXPECT_EQ(a.name, "cc1");
  EXPECT_EQ(a.pid, 8);
  EXPECT_EQ(a.tid, 9);
  RecordBuilder rename(PERF_RECORD_COMM);
  EXPECT_FALSE(decoded<CommEvent>(rename.i32(8).i32(9).string("x").finish(), {}).exec);
}

TEST(Decoder, ReadsANameWithoutItsNul) {
  const auto record =
      RecordBuilder(PERF_RECORD_COMM).i32(1).i32(1).u64(0x6867666564636261).finish();
  EXPECT_EQ(decoded<CommEvent>(record, {}).name, "abcdefgh");
}

TEST(Decoder, ReadsForkAndExit) {
  RecordBuilder fork(PERF_RECORD_FORK, PERF_RECORD_MISC_FORK_EXEC);
  const auto f = decoded<ForkEvent>(
      with_trailer(fork.i32(1).i32(2).i32(3).i32(4).u64(kTime)).finish(), kTrailing);
  expect_trailer(f.context);
  EXPECT_EQ(f.pid, 1);
  EXPECT_EQ(f.parent_pid, 2);
  EXPECT_EQ(f.tid, 3);
  EXPECT_EQ(f.parent_tid, 4);
  EXPECT_TRUE(f.exec);
  RecordBuilder exit(PERF_RECORD_EXIT);
  const auto record = exit.i32(1).i32(2).i32(3).i32(4).u64(kTime).finish();
  const auto e = decoded<ExitEvent>(record, {});
  EXPECT_EQ(e.context.time_ns, kTime) << "its own time, where there is no trailer";
  EXPECT_EQ(time_of(record, {}), kTime);
  EXPECT_EQ(e.tid, 3);
}

TEST(Decoder, ReadsLosses) {
  const auto lost = decoded<LostEvent>(RecordBuilder(PERF_RECORD_LOST).u64(5).u64(17).finish(), {});
  EXPECT_EQ(lost.lost, 17U);
  EXPECT_EQ(lost.context.id, 5U);
  EXPECT_FALSE(lost.samples_only);
  RecordBuilder r(PERF_RECORD_LOST_SAMPLES);
  const auto samples = decoded<LostEvent>(with_trailer(r.u64(18)).finish(), kTrailing);
  EXPECT_EQ(samples.lost, 18U);
  EXPECT_TRUE(samples.samples_only);
  expect_trailer(samples.context);
}

TEST(Decoder, ReadsThrottling) {
  const auto on = RecordBuilder(PERF_RECORD_THROTTLE).u64(kTime).u64(kId).u64(1).finish();
  EXPECT_TRUE(decoded<ThrottleEvent>(on, {}).throttled);
  EXPECT_EQ(decoded<ThrottleEvent>(on, {}).context.id, kId);
  const auto off = RecordBuilder(PERF_RECORD_UNTHROTTLE).u64(kTime).u64(kId).u64(1).finish();
  EXPECT_FALSE(decoded<ThrottleEvent>(off, {}).throttled);
}

TEST(Decoder, ReadsKernelSymbols) {
  RecordBuilder r(PERF_RECORD_KSYMBOL);
  r.u64(0xffffffffc0000000).u32(64).u16(PERF_RECORD_KSYMBOL_TYPE_BPF).u16(1).string("bpf_prog_1_f");
  const auto event = decoded<KsymbolEvent>(with_trailer(r).finish(), kTrailing);
  EXPECT_EQ(event.start.value(), 0xffffffffc0000000U);
  EXPECT_EQ(event.length, 64U);
  EXPECT_EQ(event.type, PERF_RECORD_KSYMBOL_TYPE_BPF);
  EXPECT_TRUE(event.unregister);
  EXPECT_EQ(event.name, "bpf_prog_1_f");
}

TEST(Decoder, ReadsSwitches) {
  RecordBuilder out(PERF_RECORD_SWITCH,
                    PERF_RECORD_MISC_SWITCH_OUT | PERF_RECORD_MISC_SWITCH_OUT_PREEMPT);
  const auto preempted = decoded<SwitchEvent>(with_trailer(out).finish(), kTrailing);
  EXPECT_TRUE(preempted.out);
  EXPECT_TRUE(preempted.preempted);
  expect_trailer(preempted.context);
  RecordBuilder in(PERF_RECORD_SWITCH_CPU_WIDE);
  const auto entered = decoded<SwitchEvent>(with_trailer(in.i32(1).i32(2)).finish(), kTrailing);
  EXPECT_FALSE(entered.out);
  EXPECT_EQ(entered.woken_ns, 0U);
  expect_trailer(entered.context);
  RecordBuilder by_bpf(PERF_RECORD_SWITCH_CPU_WIDE);
  const auto woken =
      decoded<SwitchEvent>(with_trailer(by_bpf.u64(0).u64(77).u64(0)).finish(), kTrailing);
  EXPECT_EQ(woken.woken_ns, 77U);
  expect_trailer(woken.context);
}

TEST(Decoder, CountsWhatItDoesNotKnow) {
  RecordBuilder r(PERF_RECORD_NAMESPACES);
  const auto event = decoded<UnknownEvent>(with_trailer(r.u64(1)).finish(), kTrailing);
  EXPECT_EQ(event.type, std::uint32_t{PERF_RECORD_NAMESPACES});
  expect_trailer(event.context);
  // perf's own records have no trailer.
  const auto own = RecordBuilder(68).finish();
  EXPECT_EQ(decoded<UnknownEvent>(own, kTrailing).type, 68U);
  EXPECT_EQ(time_of(own, kTrailing), std::nullopt);
}

TEST(Decoder, FindsTheTimeOfATrailerWithoutThreadIds) {
  const EventLayout layout{.sample_type = PERF_SAMPLE_TIME | PERF_SAMPLE_CPU,
                           .sample_id_all = true};
  const auto record =
      RecordBuilder(PERF_RECORD_COMM).i32(1).i32(1).string("x").u64(kTime).u64(1).finish();
  EXPECT_EQ(time_of(record, layout), kTime);
}

TEST(EventLayout, IsTakenFromTheAttribute) {
  perf_event_attr attr{};
  attr.sample_type = 1;
  attr.read_format = 2;
  attr.branch_sample_type = 3;
  attr.sample_regs_user = 4;
  attr.sample_regs_intr = 5;
  attr.sample_id_all = 1;
  const EventLayout layout = EventLayout::of(attr);
  EXPECT_THAT(
      (std::vector<std::uint64_t>{layout.sample_type, layout.read_format, layout.branch_sample_type,
                                  layout.user_register_mask, layout.interrupt_register_mask}),
      ElementsAre(1, 2, 3, 4, 5));
  EXPECT_TRUE(layout.sample_id_all);
  attr.sample_period = 6;
  EXPECT_EQ(EventLayout::of(attr).fixed_period, 6U);
  attr.freq = 1;
  EXPECT_EQ(EventLayout::of(attr).fixed_period, 0U) << "then it is a frequency";
}

TEST(Decoder, TakesAFixedPeriodFromTheAttribute) {
  EventLayout layout{.sample_type = PERF_SAMPLE_IP, .fixed_period = 1000};
  EXPECT_EQ(decoded<SampleEvent>(build_sample(layout), layout).period, 1000U);
  layout.sample_type |= PERF_SAMPLE_PERIOD;
  EXPECT_EQ(decoded<SampleEvent>(build_sample(layout), layout).period, kPeriod);
}

}  // namespace
}  // namespace profiler::events
