// A disk that fills up while recording: nothing that was written is lost, and the program runs on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>

#include "tests/integration/recorded.h"
#include "tests/support/confinement.h"

namespace profiler::test {
namespace {

using ::testing::HasSubstr;

constexpr std::uint64_t kDiskBytes = 1 << 20;

/// Records the shell words on a disk of its own, which is gone afterwards: `after` is run on it
/// before. Beside it are left the program's `out`, the profiler's `status`, and names of `files`.
CommandResult record_on_small_disk(const TemporaryDirectory& directory, const std::string& words,
                                   const std::string& after) {
  const std::string script = "cd disk && \"$0\" record -q -e cpu-clock -F 20000 -- " + words +
                             " > ../out; echo $? > ../status; ls > ../files; " + after;
  return run({"sh", "-c", script, PROFILER_PROGRAM},
             {.directory = directory.path(), .prepare = [&] {
                return own_mounts() && mount_memory(directory.file("disk"), kDiskBytes);
              }});
}

class FullDisk : public ::testing::Test {
 protected:
  void SetUp() override {
    REQUIRE_SAMPLING();
    if (mounting_refused()) GTEST_SKIP() << "needs root, to mount a small file system";
    std::filesystem::create_directory(directory_.file("disk"));
  }
  TemporaryDirectory directory_;
};

TEST_F(FullDisk, KeepsWhatWasWrittenAndTheProgramsStatus) {
  // The program itself fills the disk, as soon as something of its profile has been written.
  write_bytes(directory_.file("fill"), R"(
    until test -s profiler.data.part; do "$1" 0.3; done
    head -c 10000000 /dev/zero > rest 2> ../filled
    "$1" 0.5
    exit 3)");
  const CommandResult result = record_on_small_disk(
      directory_, "sh ../fill " + workload("call_chain"),
      "\"$0\" report -i profiler.data.part --format json --limit 0 > ../report");
  EXPECT_EQ(result.exit_status, 0) << result.err;
  EXPECT_EQ(read_bytes(directory_.file("status")), "3\n") << "the program's own";
  EXPECT_THAT(read_bytes(directory_.file("out")), HasSubstr("call_chain")) << "it ran to its end";
  // A line of the recording's, and one of the report's on what is left.
  EXPECT_EQ(std::ranges::count(result.err, '\n'), 2) << result.err;
  EXPECT_THAT(result.err, HasSubstr("profiler.data.part: the profile cannot be written: No space"));
  EXPECT_THAT(result.err, HasSubstr("profiler.data.part: was cut off"));
  EXPECT_EQ(read_bytes(directory_.file("files")), "profiler.data.part\nrest\n");

  const json report = json::parse(read_bytes(directory_.file("report")), nullptr, false);
  ASSERT_TRUE(report.is_object()) << result.err;
  EXPECT_GT(report["quality"]["samples"], 100);
  const json spin = row_named(report["functions"], "spin");
  ASSERT_FALSE(spin.is_null()) << report["functions"];
  EXPECT_GT(seconds(spin["total"]), 0);
}

TEST_F(FullDisk, FromTheStartIsSaidInOneLineAndTheProgramRuns) {
  const CommandResult result = record_on_small_disk(
      directory_, "sh -c 'head -c 10000000 /dev/zero > rest 2> /dev/null; exit 3'", "");
  EXPECT_EQ(read_bytes(directory_.file("status")), "3\n");
  EXPECT_EQ(std::ranges::count(result.err, '\n'), 1) << result.err;
  EXPECT_THAT(result.err, HasSubstr("No space left on device"));
}

}  // namespace
}  // namespace profiler::test
