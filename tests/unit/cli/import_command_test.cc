// `profiler import`, and -i with a perf.data, as programs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/command.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/perf_data/perf_data_builder.h"

namespace profiler::cli {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

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
