// Recordings made by hand, in both forms of perf.data, and what becomes of them.
#include "perf_data/import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <zstd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "perf_data/header.h"
#include "symbolizer/elf/elf_file.h"
#include "tests/support/fake_kernel.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/perf_data/perf_data_builder.h"

namespace profiler::perf_data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Result<Profile> import_bytes(const Bytes& bytes) {
  InputFile file = InputFile::of_bytes(bytes);
  return import_perf_data(file, {.path = "memory", .build_id_cache = "/nonexistent"}, nullptr);
}

/// A program with one mapping, and three samples in it.
PerfDataBuilder small_recording() {
  PerfDataBuilder data;
  data.event(standard_attr(), {7, 8})
      .feature(Feature::kHostname, feature_string("box"))
      .feature(Feature::kOsRelease, feature_string("6.1.0-test"))
      .record(comm_record(10, "prog"))
      .record(mmap_record(11, 0x400000, 0x10000, "/no/such/prog"))
      .record(sample({.time = 1000}))
      .record(sample({.time = 2000, .chain = {PERF_CONTEXT_USER, 0x401000, 0x402000}}))
      .record(
          sample({.time = 3000,
                  .mode = PERF_RECORD_MISC_KERNEL,
                  .chain = {PERF_CONTEXT_KERNEL, 0xffffffff81000010, PERF_CONTEXT_USER, 0x401000}}))
      .record(perf_record(RecordType::kFinishedRound));
  return data;
}

/// Module paths and addresses of a stack's user part, innermost first.
std::vector<std::string> user_frames(const Profile& profile, const Sample& sample) {
  std::vector<std::string> frames;
  for (NodeIndex node = profile.stacks[sample.stack].user; node;
       node = profile.nodes[node].parent) {
    const Frame& frame = profile.frames[profile.nodes[node].frame];
    char address[32];
    std::snprintf(address, sizeof address, "+0x%llx",
                  static_cast<unsigned long long>(frame.address));
    frames.push_back(profile.text(profile.modules[frame.module].path) + address);
  }
  return frames;
}

void expect_small_recording(const Result<Profile>& profile) {
  ASSERT_TRUE(profile) << profile.error().message();
  ASSERT_EQ(profile->samples.size(), 3U);
  const std::vector<Sample>& samples = profile->samples;
  EXPECT_EQ(samples[0].time_ns, 0U);
  EXPECT_EQ(samples[2].time_ns, 2000U);
  EXPECT_EQ(samples[1].weight, 1000U);
  EXPECT_EQ(samples[1].cpu, 1);
  EXPECT_EQ(samples[1].mode, Mode::kUser);
  EXPECT_EQ(samples[2].mode, Mode::kSys);
  const Thread& thread = profile->threads[samples[0].thread];
  EXPECT_EQ(thread.tid, 100);
  EXPECT_EQ(profile->text(thread.name), "prog");
  // The second address is a return address: looked up a byte before.
  EXPECT_THAT(user_frames(*profile, samples[1]),
              ElementsAre("/no/such/prog+0x1000", "/no/such/prog+0x1fff"));
  EXPECT_TRUE(profile->stacks[samples[2].stack].kernel);
  EXPECT_EQ(profile->run.host, "box");
  EXPECT_EQ(profile->run.kernel_release, "6.1.0-test");
  EXPECT_EQ(profile->run.duration_ns, 2000U);
  ASSERT_EQ(profile->run.events.size(), 1U);
  EXPECT_EQ(profile->run.events[0].name, "cpu-clock");
  EXPECT_EQ(profile->run.events[0].unit, "ns");
  EXPECT_EQ(profile->run.charged, TimeCharged());
}

TEST(ImportPerfData, ReadsTheFileForm) {
  expect_small_recording(import_bytes(small_recording().file_form()));
}

TEST(ImportPerfData, ReadsThePipeForm) {
  expect_small_recording(import_bytes(small_recording().pipe_form()));
}

TEST(ImportPerfData, ReadsFilesFromDisk) {
  const test::TemporaryDirectory directory;
  const Bytes bytes = small_recording().file_form();
  const std::string path = directory.file("perf.data");
  test::write_bytes(path, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  EXPECT_TRUE(is_perf_data(path));
  expect_small_recording(
      import_perf_data({.path = path, .build_id_cache = "/nonexistent"}, nullptr));
}

TEST(ImportPerfData, PutsRecordsOfARoundInOrder) {
  PerfDataBuilder data;
  data.event(standard_attr(), {7})
      .record(sample({.time = 3000}))
      .record(sample({.time = 1000}))
      .record(perf_record(RecordType::kFinishedRound))
      .record(sample({.time = 2000}))
      .record(mmap_record(500, 0x400000, 0x10000, "/no/such/prog"))
      .record(perf_record(RecordType::kFinishedRound));
  const auto profile = import_bytes(data.file_form());
  ASSERT_TRUE(profile);
  std::vector<std::uint64_t> times;
  for (const Sample& sample : profile->samples) {
    times.push_back(sample.time_ns);
    EXPECT_THAT(user_frames(*profile, sample), ElementsAre("/no/such/prog+0x1000"));
  }
  EXPECT_THAT(times, ElementsAre(0U, 1000U, 2000U));
}

TEST(ImportPerfData, TellsEventsApartByTheirIds) {
  PerfDataBuilder data;
  data.event(standard_attr(PERF_COUNT_SW_DUMMY), {5})
      .event(standard_attr(), {7})
      .event(standard_attr(PERF_COUNT_SW_PAGE_FAULTS), {9})
      .record(sample({.id = 7, .time = 1000}))
      .record(sample({.id = 9, .time = 2000, .period = 3}));
  const auto profile = import_bytes(data.file_form());
  ASSERT_TRUE(profile);
  ASSERT_EQ(profile->run.events.size(), 2U);
  EXPECT_EQ(profile->run.events[0].name, "cpu-clock");
  ASSERT_EQ(profile->samples.size(), 2U);
  EXPECT_EQ(profile->samples[0].event, 0);
  EXPECT_EQ(profile->samples[1].event, 1);
  EXPECT_EQ(profile->samples[1].weight, 3U);
  EXPECT_EQ(profile->run.events[1].frequency_hz, 0U);
}

TEST(ImportPerfData, NamesEventsAsPerfDid) {
  Bytes description;
  append(description, std::uint32_t{1});
  append(description, static_cast<std::uint32_t>(sizeof(perf_event_attr)));
  append(description, standard_attr());
  append(description, std::uint32_t{1});
  append(description, feature_string("cpu-clock:u"));
  append(description, std::uint64_t{7});
  PerfDataBuilder data;
  data.event(standard_attr(), {7})
      .feature(Feature::kEventDescription, description)
      .record(sample({.time = 1000}));
  const auto profile = import_bytes(data.file_form());
  ASSERT_TRUE(profile);
  EXPECT_EQ(profile->run.events[0].name, "cpu-clock:u");
  EXPECT_THAT(profile->run.notes, IsEmpty());
}

TEST(ImportPerfData, ReadsAttributesOfOlderAndNewerPerf) {
  for (const std::size_t size : {std::size_t{PERF_ATTR_SIZE_VER0}, sizeof(perf_event_attr) + 64}) {
    PerfDataBuilder data;
    data.event(standard_attr(), {7}, size).record(sample({.time = 1000}));
    const auto file = import_bytes(data.file_form());
    ASSERT_TRUE(file) << file.error().message();
    EXPECT_EQ(file->samples.size(), 1U) << size;
    const auto pipe = import_bytes(data.pipe_form());
    ASSERT_TRUE(pipe) << pipe.error().message();
    EXPECT_EQ(pipe->samples.size(), 1U) << size;
  }
}

/// `records` as one zstd stream in compressed records of `piece` bytes each.
std::vector<Bytes> compressed(const Bytes& records, std::size_t piece, RecordType type) {
  Bytes packed(ZSTD_compressBound(records.size()));
  packed.resize(ZSTD_compress(packed.data(), packed.size(), records.data(), records.size(), 1));
  std::vector<Bytes> out;
  for (std::size_t at = 0; at < packed.size(); at += piece) {
    const auto part = std::span(packed).subspan(at, std::min(piece, packed.size() - at));
    Bytes body;
    if (type == RecordType::kCompressed2) append(body, std::uint64_t{part.size()});
    body.insert(body.end(), part.begin(), part.end());
    if (type == RecordType::kCompressed2) body.resize((body.size() + 7) / 8 * 8);
    out.push_back(perf_record(type, body));
  }
  return out;
}

TEST(ImportPerfData, ReadsCompressedRecordsThatCutOthersInTwo) {
  for (const RecordType type : {RecordType::kCompressed, RecordType::kCompressed2}) {
    PerfDataBuilder data;
    data.event(standard_attr(), {7, 8})
        .feature(Feature::kHostname, feature_string("box"))
        .feature(Feature::kOsRelease, feature_string("6.1.0-test"));
    for (const Bytes& record : compressed(small_recording().records(), 21, type))
      data.record(record);
    expect_small_recording(import_bytes(data.file_form()));
    expect_small_recording(import_bytes(data.pipe_form()));
  }
}

TEST(ImportPerfData, SaysWhereCompressedRecordsEnd) {
  PerfDataBuilder data;
  data.event(standard_attr(), {7}).record(sample({.time = 1000}));
  data.record(perf_record(RecordType::kCompressed, Bytes(40, std::byte{0x55})));
  data.record(sample({.time = 2000}));
  const auto profile = import_bytes(data.file_form());
  ASSERT_TRUE(profile);
  EXPECT_EQ(profile->samples.size(), 2U);
  ASSERT_EQ(profile->run.notes.size(), 1U);
  EXPECT_THAT(profile->run.notes[0], HasSubstr("compressed records cannot be read"));
}

TEST(ImportPerfData, CountsRecordsOfUnknownTypes) {
  PerfDataBuilder data;
  data.event(standard_attr(), {7})
      .record(sample({.time = 1000}))
      .record(RecordBuilder(40).u64(1).finish())
      .record(RecordBuilder(200).u64(1).finish())
      .record(perf_record(RecordType::kFinishedInit))
      .record(sample({.time = 2000}));
  const auto profile = import_bytes(data.file_form());
  ASSERT_TRUE(profile);
  EXPECT_EQ(profile->samples.size(), 2U);
  EXPECT_EQ(profile->run.losses.unknown_records, 2U);
}

TEST(ImportPerfData, SkipsTheDataBehindAuxRecords) {
  PerfDataBuilder data;
  Bytes aux;
  append(aux, std::uint64_t{64});
  aux.resize(40);
  Bytes record = perf_record(RecordType::kAuxtrace, aux);
  record.resize(record.size() + 64, std::byte{0});
  data.event(standard_attr(), {7}).record(record).record(sample({.time = 1000}));
  const auto profile = import_bytes(data.file_form());
  ASSERT_TRUE(profile);
  EXPECT_EQ(profile->samples.size(), 1U);
  EXPECT_THAT(profile->run.notes, IsEmpty());
}

TEST(ImportPerfData, CountsLostSamples) {
  PerfDataBuilder data;
  data.event(standard_attr(), {7})
      .record(with_trailer(RecordBuilder(PERF_RECORD_LOST).u64(7).u64(12), 500))
      .record(sample({.time = 1000}));
  const auto profile = import_bytes(data.file_form());
  ASSERT_TRUE(profile);
  EXPECT_EQ(profile->run.losses.samples_lost, 12U);
}

TEST(ImportPerfData, TakesAMappingWithoutItsBuildIdWherePerfFoundNone) {
  // As perf 6.1 writes it: marked as having a build id, with a device number of 254 in its place.
  const Bytes mmap = with_trailer(RecordBuilder(PERF_RECORD_MMAP2, PERF_RECORD_MISC_MMAP_BUILD_ID)
                                      .i32(100)
                                      .i32(100)
                                      .u64(0x400000)
                                      .u64(0x10000)
                                      .u64(0)
                                      .u32(254)
                                      .u32(0)
                                      .u64(1234)
                                      .u64(0)
                                      .u32(5)
                                      .u32(2)
                                      .string("/no/such/prog"),
                                  10);
  PerfDataBuilder data;
  data.event(standard_attr(), {7}).record(mmap).record(sample({.time = 1000}));
  const auto profile = import_bytes(data.file_form());
  ASSERT_TRUE(profile);
  EXPECT_EQ(profile->run.losses.malformed_records, 0U);
  EXPECT_THAT(user_frames(*profile, profile->samples[0]), ElementsAre("/no/such/prog+0x1000"));
}

TEST(ImportPerfData, CutsAChainWhereItLeavesMappedMemory) {
  PerfDataBuilder data;
  data.event(standard_attr(), {7})
      .record(mmap_record(10, 0x400000, 0x10000, "/no/such/prog"))
      .record(sample({.time = 1000, .chain = {PERF_CONTEXT_USER, 0x401000, 0x77, 0x402000}}));
  const auto profile = import_bytes(data.file_form());
  ASSERT_TRUE(profile);
  EXPECT_THAT(user_frames(*profile, profile->samples[0]), ElementsAre("/no/such/prog+0x1000"));
  EXPECT_EQ(profile->stacks[profile->samples[0].stack].end, StackEnd::kBadFramePointer);
}

TEST(ImportPerfData, NamesTheFilesThatAreMissing) {
  const auto profile = import_bytes(small_recording().file_form());
  ASSERT_TRUE(profile);
  EXPECT_THAT(profile->run.notes, testing::Contains(HasSubstr("/no/such/prog; --sysroot DIR")));
  EXPECT_THAT(profile->run.notes, testing::Contains(HasSubstr("(6.1.0-test)")));
}

std::string name_of_first_kernel_frame(const Profile& profile) {
  for (const Sample& sample : profile.samples) {
    const NodeIndex node = profile.stacks[sample.stack].kernel;
    if (!node) continue;
    const Frame& frame = profile.frames[profile.nodes[node].frame];
    if (frame.name.count == 0) return "";
    const Function& function = profile.functions[profile.locations[frame.name.first].function];
    return profile.text(function.name) + " of " +
           profile.text(profile.modules[function.module].path);
  }
  return "no kernel frame";
}

TEST(ImportPerfData, NamesKernelModulesWhereTheirFunctionsAreNotKnown) {
  constexpr std::uint64_t kStart = 0xffffffffc0100000;
  PerfDataBuilder data;
  data.event(standard_attr(), {7})
      .record(mmap_record(0, kStart, 0x8000, "/lib/modules/6.1.0/net/nf-tables.ko.xz", -1))
      .record(sample({.time = 1000,
                      .mode = PERF_RECORD_MISC_KERNEL,
                      .chain = {PERF_CONTEXT_KERNEL, kStart + 0x123}}));
  const auto profile = import_bytes(data.file_form());
  ASSERT_TRUE(profile);
  EXPECT_EQ(name_of_first_kernel_frame(*profile), "nf_tables of [nf_tables]");
}

TEST(ImportPerfData, NamesInlinedKernelCodeByAVmlinuxOfAKernelThatWasMoved) {
  const test::TemporaryDirectory directory;
  const test::FakeKernel kernel(directory);
  if (!kernel.built()) GTEST_SKIP() << kernel.log();
  constexpr std::uint64_t kDistance = 0x1f20'0000;
  constexpr std::uint64_t kText = test::FakeKernel::kText + kDistance;
  PerfDataBuilder data;
  data.event(standard_attr(), {7})
      .record(mmap_record(0, kText, 0x1000, "[kernel.kallsyms]_text", -1, kText))
      .record(sample({.time = 1000,
                      .mode = PERF_RECORD_MISC_KERNEL,
                      .chain = {PERF_CONTEXT_KERNEL, kernel.address_of("vfs_read") + kDistance}}));
  const Bytes bytes = data.file_form();
  InputFile file = InputFile::of_bytes(bytes);
  const auto profile = import_perf_data(
      file, {.path = "memory", .vmlinux = kernel.vmlinux(), .build_id_cache = "/nonexistent"},
      nullptr);
  ASSERT_TRUE(profile);
  EXPECT_EQ(profile->run.kernel_text, kText);
  std::vector<std::string> names;
  const NodeIndex node = profile->stacks[profile->samples[0].stack].kernel;
  const FrameName& name = profile->frames[profile->nodes[node].frame].name;
  for (std::size_t i = 0; i < name.count; ++i) {
    const Location& at = profile->locations[LocationIndex(name.first.row() + i)];
    const Function& function = profile->functions[at.function];
    EXPECT_TRUE(function.kernel);
    EXPECT_THAT(profile->text(at.file), testing::EndsWith("kernel.c"));
    names.push_back(profile->text(function.name));
  }
  EXPECT_THAT(names, ElementsAre("spin", "read_pages", "vfs_read"));
}

TEST(ImportPerfData, ReadsMappingsOfPerfWithoutMmap2AndClocksThatItDoesNotName) {
  // As perf 4 and 5 write them: no build ids, no CLOCKID, times of sched_clock since boot.
  perf_event_attr attr = standard_attr();
  attr.sample_type &= ~static_cast<std::uint64_t>(PERF_SAMPLE_IDENTIFIER);
  attr.sample_type |= PERF_SAMPLE_ID;
  PerfDataBuilder data;
  const std::uint64_t boot = 3'600'000'000'000;
  RecordBuilder record(PERF_RECORD_SAMPLE, PERF_RECORD_MISC_USER);
  record.u64(0x401000).i32(100).i32(100).u64(boot + 50).u64(7).u32(1).u32(0).u64(1000).u64(0);
  data.event(attr, {7}, PERF_ATTR_SIZE_VER5)
      .record(RecordBuilder(PERF_RECORD_MMAP)
                  .i32(100)
                  .i32(100)
                  .u64(0x400000)
                  .u64(0x10000)
                  .u64(0)
                  .string("/no/such/prog")
                  .i32(100)
                  .i32(100)
                  .u64(boot)
                  .u64(7)
                  .u32(1)
                  .u32(0)
                  .finish())
      .record(record.finish());
  const auto profile = import_bytes(data.file_form());
  ASSERT_TRUE(profile);
  EXPECT_EQ(profile->run.losses.malformed_records, 0U);
  ASSERT_EQ(profile->samples.size(), 1U);
  EXPECT_THAT(user_frames(*profile, profile->samples[0]), ElementsAre("/no/such/prog+0x1000"));
  EXPECT_EQ(profile->run.start_monotonic_ns, boot + 50);
  EXPECT_EQ(profile->run.start_unix_ns, 0U) << "not known";
}

TEST(ImportPerfData, SaysThatAFileHasChangedWhereTheBuildIdComesLate) {
  const std::string self = std::filesystem::read_symlink("/proc/self/exe");
  const auto file = symbolizer::ElfFile::open(self);
  ASSERT_TRUE(file);
  if (!(*file)->build_id()) GTEST_SKIP() << "the test program has no build id";
  struct stat status{};
  ASSERT_EQ(::stat(self.c_str(), &status), 0);
  Bytes own((*file)->build_id().bytes().begin(), (*file)->build_id().bytes().end());
  own.resize(20);
  for (const bool changed : {false, true}) {
    Bytes body;
    append(body, std::int32_t{100});
    append(body, changed ? Bytes(20, std::byte{1}) : own);
    body.resize(sizeof(BuildIdBody));
    PerfDataBuilder data;
    data.event(standard_attr(), {7})
        .record(with_trailer(RecordBuilder(PERF_RECORD_MMAP2)
                                 .i32(100)
                                 .i32(100)
                                 .u64(0x400000)
                                 .u64(0x10000)
                                 .u64(0)
                                 .u32(major(status.st_dev))
                                 .u32(minor(status.st_dev))
                                 .u64(status.st_ino)
                                 .u64(0)
                                 .u32(5)
                                 .u32(2)
                                 .string(self),
                             10))
        .record(sample({.time = 1000}))
        .record(perf_record(RecordType::kFinishedRound))
        .record(perf_record(RecordType::kFinishedRound))
        .record(RecordBuilder(static_cast<std::uint32_t>(RecordType::kBuildId))
                    .bytes(body)
                    .string(self)
                    .finish());
    const auto profile = import_bytes(data.pipe_form());
    ASSERT_TRUE(profile);
    const auto note = testing::Contains(HasSubstr("have changed since"));
    if (changed) {
      EXPECT_THAT(profile->run.notes, note);
    } else {
      EXPECT_THAT(profile->run.notes, testing::Not(note));
    }
  }
}

TEST(ImportPerfData, SaysWhatIsNoPerfData) {
  const auto no_magic = import_bytes(Bytes(200));
  ASSERT_FALSE(no_magic);
  EXPECT_EQ(no_magic.error().message(), "memory: is no perf.data");
  Bytes swapped = small_recording().file_form();
  std::reverse(swapped.begin(), swapped.begin() + 8);
  const auto other_order = import_bytes(swapped);
  ASSERT_FALSE(other_order);
  EXPECT_THAT(other_order.error().message(), HasSubstr("other byte order"));
  EXPECT_FALSE(import_perf_data({.path = "/no/such/file"}, nullptr));
  EXPECT_FALSE(import_perf_data({.path = "/"}, nullptr));
}

}  // namespace
}  // namespace profiler::perf_data
