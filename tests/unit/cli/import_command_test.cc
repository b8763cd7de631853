// `profiler import`, and -i with a perf.data, as programs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/command.h"
#include "tests/support/fake_kernel.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/perf_data/perf_data_builder.h"

namespace profiler::cli {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

/// The header's table of build ids, with the kernel's.
perf_data::Bytes kernel_build_id(const BuildId& id) {
  const std::string name = "[kernel.kallsyms]";
  events::RecordBuilder record(0, PERF_RECORD_MISC_KERNEL);
  record.i32(-1).bytes(id.bytes()).u32(0).string(name);
  return record.finish();
}

class ImportCommand : public testing::Test {
 protected:
  void SetUp() override {
    perf_data::PerfDataBuilder data;
    data.event(perf_data::standard_attr(), {7})
        .record(perf_data::comm_record(10, "prog"))
        .record(perf_data::mmap_record(11, 0x400000, 0x10000, "/no/such/prog"));
    for (std::uint64_t i = 0; i < 40; ++i)
      data.record(perf_data::sample({.time = 1'000'000 * (i + 1), .period = 1'000'000}));
    write("perf.data", data.file_form());
    write("perf.pipe", data.pipe_form());
  }

  void write(const std::string& name, const perf_data::Bytes& bytes) const {
    test::write_bytes(directory_.file(name),
                      {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
  [[nodiscard]] test::CommandResult shell(const std::string& command) const {
    return test::run(
        {"sh", "-c", "P=" PROFILER_BINARY_DIR "/profiler; " + command},
        {.directory = directory_.path(), .environment = {{"HOME", directory_.path()}}});
  }

  test::TemporaryDirectory directory_;
};

TEST_F(ImportCommand, MakesAProfileThatReportsRead) {
  const auto imported = shell("$P import perf.data");
  EXPECT_EQ(imported.exit_status, 0);
  EXPECT_THAT(imported.err, HasSubstr("/no/such/prog; --sysroot DIR"));
  EXPECT_THAT(imported.err, HasSubstr("40 samples"));
  const auto report = shell("$P report --by module --format csv");
  EXPECT_EQ(report.exit_status, 0) << report.err;
  EXPECT_THAT(report.out, HasSubstr("prog"));
  EXPECT_THAT(report.err, IsEmpty());
}

TEST_F(ImportCommand, ReadsStandardInput) {
  EXPECT_EQ(shell("cat perf.pipe | $P import -q - -o other.data").exit_status, 0);
  EXPECT_THAT(directory_.names(), testing::Contains("other.data"));
  EXPECT_EQ(shell("cat perf.data | $P import -q - -o third.data").exit_status, 1);
  EXPECT_THAT(directory_.names(), testing::Not(testing::Contains("third.data")));
}

TEST_F(ImportCommand, IsNotNeededForOtherCommands) {
  for (const char* file : {"perf.data", "perf.pipe"}) {
    const std::string name = file;
    const auto folded = shell("$P export --format folded -i " + name);
    EXPECT_EQ(folded.exit_status, 0) << folded.err;
    EXPECT_THAT(folded.out, HasSubstr(" 40\n"));
    EXPECT_EQ(shell("$P report --sysroot / --kallsyms /dev/null -i " + name).exit_status, 0);
    EXPECT_EQ(shell("$P flamegraph -i " + name).exit_status, 0);
  }
  EXPECT_THAT(directory_.names(), testing::Contains("flamegraph.svg"));
}

TEST_F(ImportCommand, LeavesNamesToALaterReportWhenTheVmlinuxIsThere) {
  const test::FakeKernel kernel(directory_);
  if (!kernel.built()) GTEST_SKIP() << kernel.log();
  constexpr std::uint64_t kDistance = 0x0a00'0000;
  constexpr std::uint64_t kText = test::FakeKernel::kText + kDistance;
  perf_data::PerfDataBuilder data;
  data.event(perf_data::standard_attr(), {7})
      .feature(perf_data::Feature::kBuildId, kernel_build_id(kernel.build_id()))
      .record(perf_data::mmap_record(0, kText, 0x1000, "[kernel.kallsyms]_text", -1, kText));
  for (std::uint64_t i = 0; i < 40; ++i) {
    data.record(perf_data::sample(
        {.time = 1'000'000 * (i + 1),
         .period = 1'000'000,
         .mode = PERF_RECORD_MISC_KERNEL,
         .chain = {PERF_CONTEXT_KERNEL, kernel.address_of("vfs_read") + kDistance}}));
  }
  write("perf.data", data.file_form());
  EXPECT_THAT(shell("$P import perf.data").err, HasSubstr("kernel functions have no names"));
  const std::string report = "$P report --kernel-frames ";
  EXPECT_THAT(shell(report).out, testing::Not(HasSubstr("vfs_read")));
  const auto again = shell(report + "--resymbolize --debug-dir .");
  EXPECT_EQ(again.exit_status, 0);
  EXPECT_THAT(again.out, HasSubstr("vfs_read"));
  EXPECT_THAT(again.out, testing::ContainsRegex("spin \\(inlined\\) +kernel.c:"));
  EXPECT_THAT(again.out, testing::Not(HasSubstr("have no names")));
  EXPECT_THAT(again.err, HasSubstr("1 of 1 code addresses have better names now"));
  EXPECT_THAT(shell("$P export --format folded --resymbolize --debug-dir .").out,
              HasSubstr("vfs_read"));
  const auto wrong = shell(report + "--resymbolize --vmlinux $P");
  EXPECT_THAT(wrong.err, HasSubstr("another kernel's"));
  EXPECT_THAT(wrong.out, testing::Not(HasSubstr("vfs_read")));
  // The file is as it was.
  EXPECT_THAT(shell(report).out, testing::Not(HasSubstr("vfs_read")));
}

TEST_F(ImportCommand, FailsInOneLine) {
  for (const char* command :
       {"$P import", "$P import perf.data perf.pipe", "$P import /no/such/file", "$P import .",
        "$P import /dev/null", "$P import perf.data -o /no/such/directory/p",
        "head -c 120 perf.data > cut; $P report -i cut"}) {
    const auto failed = shell(command);
    EXPECT_EQ(failed.exit_status, 1) << command;
    EXPECT_THAT(failed.err, testing::MatchesRegex("profiler[^\n]*\n")) << command;
  }
  EXPECT_THAT(directory_.names(), testing::Not(testing::Contains("profiler.data")));
}

TEST_F(ImportCommand, GivesWhatIsLeftOfADamagedFile) {
  const auto report = shell("head -c 2000 perf.data > cut; $P report -i cut");
  EXPECT_EQ(report.exit_status, 0) << report.err;
  EXPECT_THAT(report.err, HasSubstr("cut: its end is missing"));
  EXPECT_THAT(report.out, HasSubstr("prog"));
}

}  // namespace
}  // namespace profiler::cli
