// Directories of perf record --threads: a header, and the records of each thread in a file.
#include "perf_data/thread_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "perf_data/header.h"
#include "perf_data/import.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/perf_data/perf_data_builder.h"

namespace profiler::perf_data {
namespace {

using testing::HasSubstr;

class Directory : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directory(path());
    PerfDataBuilder header;
    Bytes version;
    append(version, std::uint64_t{1});
    header.event(standard_attr(), {7})
        .feature(Feature::kDirectory, version)
        .record(comm_record(1, "prog"));
    write("data", header.file_form());
  }
  [[nodiscard]] std::string path() const { return directory_.file("perf.data"); }
  void write(const std::string& name, const Bytes& bytes) const {
    test::write_bytes(path() + "/" + name,
                      {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
  /// Samples at these times, by one thread of perf.
  void write_samples(const std::string& name, std::uint64_t first, std::uint64_t step,
                     std::uint64_t count) const {
    PerfDataBuilder records;
    for (std::uint64_t i = 0; i < count; ++i) records.record(sample({.time = first + i * step}));
    write(name, records.records());
  }
  [[nodiscard]] static Result<Profile> import(const std::string& name) {
    return import_perf_data({.path = name, .build_id_cache = "/nonexistent"}, nullptr);
  }

  test::TemporaryDirectory directory_;
};

TEST_F(Directory, IsReadInOrderOfTime) {
  write_samples("data.0", 1000, 10, 500);
  write_samples("data.1", 1005, 10, 300);
  // Its mapping is in the other file than the samples.
  PerfDataBuilder late;
  late.record(mmap_record(999, 0x400000, 0x10000, "/no/such/prog"));
  write("data.2", late.records());
  EXPECT_TRUE(is_perf_data(path()));
  for (const std::string& name : {path(), path() + "/data"}) {
    const auto profile = import(name);
    ASSERT_TRUE(profile) << profile.error().message();
    ASSERT_EQ(profile->samples.size(), 800U);
    for (std::size_t i = 1; i < profile->samples.size(); ++i)
      ASSERT_LT(profile->samples[i - 1].time_ns, profile->samples[i].time_ns);
    const Frame& frame = profile->frames[FrameIndex(0)];
    EXPECT_EQ(profile->text(profile->modules[frame.module].path), "/no/such/prog");
  }
}

TEST_F(Directory, StaysAbreastInAllFiles) {
  write_samples("data.0", 0, 1, 1000);
  write_samples("data.1", 0, 2, 500);
  ThreadFiles threads(thread_files_of(path() + "/data"));
  ASSERT_EQ(threads.count(), 2U);
  std::uint64_t given = 0;
  std::uint64_t newest = 0;
  while (const auto record = threads.next()) {
    std::uint64_t time = 0;
    std::memcpy(&time, record->data() + sizeof(perf_event_header) + 24, sizeof time);
    newest = std::max(newest, time);
    EXPECT_GE(time + 200, newest);
    threads.set_time(time);
    ++given;
  }
  EXPECT_EQ(given, 1500U);
  EXPECT_EQ(threads.position(), threads.size());
}

TEST_F(Directory, GivesWhatIsThereOfAFileThatIsCutOff) {
  write_samples("data.0", 1000, 10, 5);
  write_samples("data.1", 1005, 10, 5);
  std::filesystem::resize_file(path() + "/data.0", 250);
  const auto profile = import(path());
  ASSERT_TRUE(profile);
  EXPECT_GT(profile->samples.size(), 5U);
  EXPECT_LT(profile->samples.size(), 10U);
  EXPECT_THAT(profile->run.notes, testing::Contains(HasSubstr("data.0: it ends inside a record")));
}

TEST_F(Directory, SaysThatTheSamplesAreMissing) {
  const auto profile = import(path());
  ASSERT_TRUE(profile);
  EXPECT_THAT(profile->run.notes, testing::Contains(HasSubstr("data.0: is missing")));
  EXPECT_FALSE(import(directory_.path()));
  EXPECT_FALSE(is_perf_data(directory_.path()));
}

}  // namespace
}  // namespace profiler::perf_data
