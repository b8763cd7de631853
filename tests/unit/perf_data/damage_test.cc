// Files cut off anywhere, with wrong bits, and with sizes that lie: what is readable is given, and
// nothing crashes. (tests/fuzz/perf_data_fuzzer.cc goes on where this ends.)
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zstd.h>

#include <cstdint>
#include <random>
#include <string>

#include "perf_data/import.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/perf_data/perf_data_builder.h"

namespace profiler::perf_data {
namespace {

using testing::HasSubstr;

Result<Profile> import_bytes(std::span<const std::byte> bytes) {
  InputFile file = InputFile::of_bytes(bytes);
  return import_perf_data(file, {.path = "memory", .build_id_cache = "/nonexistent"}, nullptr);
}

/// Every class of record and feature there is.
PerfDataBuilder recording_of_everything() {
  PerfDataBuilder inner;
  for (std::uint64_t i = 0; i < 8; ++i) inner.record(sample({.time = 10'000 + i}));
  Bytes packed(ZSTD_compressBound(inner.records().size()));
  packed.resize(ZSTD_compress(packed.data(), packed.size(), inner.records().data(),
                              inner.records().size(), 1));
  Bytes build_id;
  append(build_id, perf_event_header{.type = 0, .misc = 2, .size = 56});
  build_id.resize(56, std::byte{0x61});
  Bytes description;
  append(description, std::uint32_t{1});
  append(description, static_cast<std::uint32_t>(sizeof(perf_event_attr)));
  append(description, standard_attr());
  append(description, std::uint32_t{1});
  append(description, feature_string("cpu-clock"));
  append(description, std::uint64_t{7});
  Bytes update;
  append(update, kEventUpdateName);
  append(update, std::uint64_t{7});
  append(update, feature_string("cpu-clock"));
  Bytes command;
  append(command, std::uint32_t{2});
  append(command, feature_string("perf"));
  append(command, feature_string("record"));
  Bytes times;
  append(times, std::uint64_t{1000});
  append(times, std::uint64_t{9000});

  PerfDataBuilder data;
  data.event(standard_attr(), {7, 8})
      .event(standard_attr(PERF_COUNT_SW_PAGE_FAULTS), {9})
      .feature(Feature::kBuildId, build_id)
      .feature(Feature::kHostname, feature_string("box"))
      .feature(Feature::kOsRelease, feature_string("6.1.0-test"))
      .feature(Feature::kCommandLine, command)
      .feature(Feature::kEventDescription, description)
      .feature(Feature::kSampleTime, times)
      .record(perf_record(RecordType::kEventUpdate, update))
      .record(mmap_record(0, 0, 0x1000, "[kernel.kallsyms]_text", -1, 0xffffffff81000000))
      .record(comm_record(10, "prog"))
      .record(mmap_record(11, 0x400000, 0x10000, "/no/such/prog"))
      .record(sample({.time = 1000}))
      .record(sample({.id = 9, .time = 2000, .chain = {PERF_CONTEXT_USER, 0x401000, 0x402000}}))
      .record(with_trailer(RecordBuilder(PERF_RECORD_LOST).u64(7).u64(12), 2500))
      .record(with_trailer(
          RecordBuilder(PERF_RECORD_FORK).i32(101).i32(100).i32(101).i32(100).u64(2600), 2600))
      .record(with_trailer(
          RecordBuilder(PERF_RECORD_EXIT).i32(101).i32(100).i32(101).i32(100).u64(2700), 2700))
      .record(with_trailer(RecordBuilder(PERF_RECORD_KSYMBOL)
                               .u64(0xffffffffc0000000)
                               .u32(64)
                               .u16(1)
                               .u16(0)
                               .string("bpf_prog"),
                           2800))
      .record(perf_record(RecordType::kFinishedRound))
      .record(perf_record(RecordType::kCompressed, packed))
      .record(RecordBuilder(200).u64(1).finish())
      .record(sample({.time = 20'000,
                      .mode = PERF_RECORD_MISC_KERNEL,
                      .chain = {PERF_CONTEXT_KERNEL, 0xffffffff81000010}}));
  return data;
}

/// Samples with registers and a stack that frame pointers lead through.
PerfDataBuilder recording_of_stacks() {
  constexpr std::uint64_t kRegisters = 0xff0fff;
  constexpr std::uint64_t kStack = 0x7fff0000;
  constexpr std::uint32_t kWords = 32;
  perf_event_attr attr = standard_attr();
  attr.sample_type |= PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER;
  attr.sample_regs_user = kRegisters;
  attr.sample_stack_user = kWords * 8;
  attr.exclude_callchain_user = 1;
  PerfDataBuilder data;
  data.event(attr, {7}).record(comm_record(10, "prog"));
  data.record(mmap_record(11, 0x400000, 0x10000, "/no/such/prog"));
  data.record(mmap_record(12, 0x500000, 0x10000, "//anon"));
  for (std::uint64_t i = 0; i < 4; ++i) {
    RecordBuilder record(PERF_RECORD_SAMPLE, PERF_RECORD_MISC_USER);
    record.u64(7).u64(0x401000).i32(100).i32(100).u64(1000 + i).u32(1).u32(0).u64(1000).u64(0);
    record.u64(PERF_SAMPLE_REGS_ABI_64);
    // In perf's order: RBP, RSP and RIP are the 7th to 9th.
    for (std::uint64_t r = 0; r < 20; ++r)
      record.u64(r == 6 ? kStack + 16 : r == 7 ? kStack : r == 8 ? 0x401000 : r);
    record.u64(kWords * 8);
    for (std::uint64_t word = 0; word < kWords; ++word)
      record.u64(word % 2 == 0 ? kStack + word * 8 + 16 : 0x400000 + word * 0x1000);
    data.record(record.u64(kWords * 8 - i * 64).finish());
  }
  return data;
}

constexpr std::size_t kSamples = 11;

/// The corpus of the fuzzer is made of these.
TEST(DamagedPerfData, DISABLED_WritesTheCorpus) {
  const auto write = [](const std::string& name, const Bytes& bytes) {
    test::write_bytes(PROFILER_SOURCE_DIR "/tests/fuzz/corpus/perf_data/" + name,
                      {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  };
  write("file_form", recording_of_everything().file_form());
  write("pipe_form", recording_of_everything().pipe_form());
  write("stacks", recording_of_stacks().file_form());
}

TEST(DamagedPerfData, IsWholeToBeginWith) {
  for (const Bytes& bytes :
       {recording_of_everything().file_form(), recording_of_everything().pipe_form()}) {
    const auto profile = import_bytes(bytes);
    ASSERT_TRUE(profile) << profile.error().message();
    EXPECT_EQ(profile->samples.size(), kSamples);
    EXPECT_EQ(profile->run.losses.malformed_records, 0U);
    EXPECT_EQ(profile->run.losses.unknown_records, 1U);
  }
}

TEST(DamagedPerfData, HasStacksThatAreUnwound) {
  const auto profile = import_bytes(recording_of_stacks().file_form());
  ASSERT_TRUE(profile);
  ASSERT_EQ(profile->samples.size(), 4U);
  EXPECT_EQ(profile->run.losses.malformed_records, 0U);
  EXPECT_GT(profile->nodes.size(), 5U);
}

TEST(DamagedPerfData, GivesWhatCameBeforeTheCut) {
  for (const bool pipe : {false, true}) {
    const PerfDataBuilder data = recording_of_everything();
    const Bytes bytes = pipe ? data.pipe_form() : data.file_form();
    std::size_t samples = 0;
    for (std::size_t size = 0; size <= bytes.size(); ++size) {
      // Copied, so that a read beyond the cut is seen by sanitizers.
      const Bytes cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
      const auto profile = import_bytes(cut);
      if (!profile) {
        EXPECT_EQ(samples, 0U) << "cut at " << size;
        EXPECT_FALSE(profile.error().what.empty());
        continue;
      }
      EXPECT_GE(profile->samples.size(), samples) << "cut at " << size;
      samples = profile->samples.size();
    }
    EXPECT_EQ(samples, kSamples);
  }
}

TEST(DamagedPerfData, SaysThatTheEndIsMissing) {
  const PerfDataBuilder data = recording_of_everything();
  Bytes bytes = data.file_form();
  bytes.resize(bytes.size() * 2 / 3);
  const auto file = import_bytes(bytes);
  ASSERT_TRUE(file);
  ASSERT_GE(file->run.notes.size(), 1U);
  EXPECT_THAT(file->run.notes[0], HasSubstr("its end is missing"));

  Bytes piped = data.pipe_form();
  piped.resize(piped.size() - 5);
  const auto pipe = import_bytes(piped);
  ASSERT_TRUE(pipe);
  EXPECT_THAT(pipe->run.notes, testing::Contains(HasSubstr("it ends inside a record")));
}

TEST(DamagedPerfData, ReadsARecordingThatPerfDidNotFinish) {
  Bytes bytes = recording_of_everything().file_form();
  const std::uint64_t none = 0;
  std::memcpy(bytes.data() + offsetof(FileHeader, data) + offsetof(Section, size), &none,
              sizeof none);
  const auto profile = import_bytes(bytes);
  ASSERT_TRUE(profile);
  EXPECT_EQ(profile->samples.size(), kSamples);
  EXPECT_THAT(profile->run.notes, testing::Contains(HasSubstr("perf record was cut off")));
}

TEST(DamagedPerfData, SurvivesFlippedBits) {
  for (const bool pipe : {false, true}) {
    const PerfDataBuilder data = recording_of_everything();
    Bytes bytes = pipe ? data.pipe_form() : data.file_form();
    // Not every one: it takes long with sanitizers.
    for (std::size_t bit = 0; bit < bytes.size() * 8; bit += 13) {
      const auto mask = static_cast<std::byte>(1U << (bit % 8));
      bytes[bit / 8] ^= mask;
      if (const auto profile = import_bytes(bytes)) {
        // At most what one record can hold in addition, where a size has changed.
        EXPECT_LE(profile->samples.size(), 2 * kSamples) << "bit " << bit;
      }
      bytes[bit / 8] ^= mask;
    }
  }
}

TEST(DamagedPerfData, SurvivesSizesThatLie) {
  std::mt19937_64 random(1);
  for (const bool pipe : {false, true}) {
    const PerfDataBuilder data = recording_of_everything();
    const Bytes whole = pipe ? data.pipe_form() : data.file_form();
    for (int round = 0; round < 1000; ++round) {
      Bytes bytes = whole;
      for (int change = 0; change < 3; ++change) {
        const std::uint64_t values[] = {0,        1,     7,         0xffff,       random(),
                                        1U << 31, ~0ULL, ~0ULL - 7, bytes.size(), random() % 4096};
        const std::uint64_t value = values[random() % std::size(values)];
        const std::size_t width = std::size_t{1} << (random() % 4);
        const std::size_t at = random() % (bytes.size() - 8) / width * width;
        std::memcpy(bytes.data() + at, &value, width);
      }
      if (const auto profile = import_bytes(bytes)) {
        EXPECT_LE(profile->samples.size(), 4 * kSamples) << round;
      }
    }
  }
}

TEST(DamagedPerfData, DoesNotTakeASmallCompressedRecordForGigabytes) {
  const Bytes zeros(Bytes::size_type{256} << 20);
  Bytes packed(ZSTD_compressBound(zeros.size()));
  packed.resize(ZSTD_compress(packed.data(), packed.size(), zeros.data(), zeros.size(), 1));
  ASSERT_LT(packed.size(), 65000U);
  PerfDataBuilder data;
  data.event(standard_attr(), {7})
      .record(sample({.time = 1000}))
      .record(perf_record(RecordType::kCompressed, packed));
  const auto profile = import_bytes(data.file_form());
  ASSERT_TRUE(profile);
  EXPECT_EQ(profile->samples.size(), 1U);
  EXPECT_THAT(profile->run.notes, testing::Contains(HasSubstr("compressed records")));
}

}  // namespace
}  // namespace profiler::perf_data
