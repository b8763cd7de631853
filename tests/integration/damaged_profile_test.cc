// Profiles that were cut, changed or made by somebody else: a report of what there is, or one line.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "tests/integration/recorded.h"

namespace profiler::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class SpoiltProfile : public ::testing::Test {
 protected:
  void SetUp() override {
    const CommandResult result =
        run(profiler({"record", "-q", "-e", "cpu-clock", "--", workload("call_chain"), "0.1"}),
            {.directory = directory_.path()});
    ASSERT_EQ(result.exit_status, 0) << result.err;
    whole_ = read_bytes(directory_.file("profiler.data"));
    ASSERT_GT(whole_.size(), 500U);
  }
  CommandResult report(const std::string& bytes) const {
    write_bytes(directory_.file("damaged"), bytes);
    return run(profiler({"report", "-i", "damaged", "--format", "json"}),
               {.directory = directory_.path()});
  }
  /// Either a report, or one line that names the file.
  static void expect_report_or_line(const CommandResult& result, const std::string& what) {
    if (result.exit_status == 0) {
      EXPECT_TRUE(json::accept(result.out)) << what;
      return;
    }
    EXPECT_EQ(result.exit_status, 1) << what << ": signal " << result.signal << result.err;
    EXPECT_EQ(std::ranges::count(result.err, '\n'), 1) << what << ": " << result.err;
    EXPECT_THAT(result.err, HasSubstr("damaged")) << what;
    EXPECT_THAT(result.out, IsEmpty()) << what;
  }
  TemporaryDirectory directory_;
  std::string whole_;
};

TEST_F(SpoiltProfile, ThatWasCutAnywhereShowsWhatThereIsOrSaysSo) {
  std::vector<std::size_t> sizes = {1, 7, 8, 15, 16, 17, 31, 32, whole_.size() - 1};
  for (std::size_t size = 40; size < whole_.size(); size += whole_.size() / 24)
    sizes.push_back(size);
  for (const std::size_t size : sizes)
    expect_report_or_line(report(whole_.substr(0, size)), "cut at " + std::to_string(size));
}

TEST_F(SpoiltProfile, WithBytesChangedShowsWhatThereIsOrSaysSo) {
  std::mt19937 random(1);
  for (int i = 0; i < 30; ++i) {
    std::string bytes = whole_;
    const std::size_t at = random() % bytes.size();
    bytes[at] = static_cast<char>(bytes[at] ^ (1U << (random() % 8)));
    expect_report_or_line(report(bytes), "changed at " + std::to_string(at));
  }
}

TEST_F(SpoiltProfile, OfANewerVersionSaysSo) {
  // Header: magic[8] major:u16 minor:u16. What only adds something is read.
  std::string bytes = whole_;
  bytes[10] = static_cast<char>(bytes[10] + 1);
  EXPECT_EQ(report(bytes).exit_status, 0);
  bytes[8] = static_cast<char>(bytes[8] + 1);
  const CommandResult result = report(bytes);
  expect_report_or_line(result, "newer");
  EXPECT_EQ(result.exit_status, 1);
  EXPECT_THAT(result.err, HasSubstr("newer"));
  EXPECT_THAT(result.err, HasSubstr("profiler")) << "what to do: take that newer profiler";
}

TEST_F(SpoiltProfile, OfAnotherKindIsRefusedByEveryCommandThatReads) {
  write_bytes(directory_.file("damaged"), "{\"schema\": \"something else\"}\n");
  for (const char* command : {"report", "flamegraph", "html", "export"}) {
    std::vector<std::string> words = {command, "-i", "damaged"};
    if (words.front() == "export") words.insert(words.end(), {"--format", "folded"});
    const CommandResult result = run(profiler(words), {.directory = directory_.path()});
    EXPECT_EQ(result.exit_status, 1) << command;
    expect_report_or_line(result, command);
  }
  EXPECT_THAT(directory_.names(), ::testing::ElementsAre("damaged", "profiler.data"));
}

}  // namespace
}  // namespace profiler::test
