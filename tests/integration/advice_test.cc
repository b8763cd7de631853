// What is advised on programs that one cause dominates, and on the same done well: by samples alone
// (`profiler time`), and by counts where those are the evidence (`profiler syscalls`).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/integration/recorded.h"

namespace profiler::test {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// The lines of advice that `profiler time` prints.
std::vector<std::string> advised_by_time(const std::string& which) {
  const TemporaryDirectory directory;
  const CommandResult ran = run(
      profiler({"time", "-e", "cpu-clock", "-F", kFrequency, "--", workload("one_cause"), which}),
      {.directory = directory.path(), .environment = {{"COLUMNS", "500"}}});
  EXPECT_EQ(ran.exit_status, 0) << ran.err;
  std::vector<std::string> lines;
  std::istringstream text(ran.err);
  for (std::string line; std::getline(text, line);)
    if (line.starts_with("* ")) lines.push_back(line);
  return lines;
}

/// A case, and words of its advice.
using Case = std::pair<std::string, std::string>;
class SampledAdvice : public ::testing::TestWithParam<Case> {};

INSTANTIATE_TEST_SUITE_P(, SampledAdvice,
                         ::testing::Values(Case("heap-trim", "MALLOC_TRIM_THRESHOLD_=268435456"),
                                           Case("heap-map", "MALLOC_MMAP_MAX_=0"),
                                           Case("new-memory", "glibc.malloc.hugetlb=1"),
                                           Case("lock-contention", "futex calls are"),
                                           Case("process-storm", "starts and ends of processes")),
                         [](const auto& test) {
                           std::string name = test.param.first;
                           std::erase(name, '-');
                           return name;
                         });

TEST_P(SampledAdvice, IsGivenWhereItsCauseDominates) {
  REQUIRE_KERNEL_SAMPLING();
  EXPECT_THAT(advised_by_time(GetParam().first), Contains(HasSubstr(GetParam().second)));
}

TEST_P(SampledAdvice, IsNotGivenWhereTheSameIsDoneWell) {
  REQUIRE_KERNEL_SAMPLING();
  EXPECT_THAT(advised_by_time(GetParam().first + "-not"), IsEmpty());
}

TEST(Advice, NamesTheCodeBehindIt) {
  REQUIRE_KERNEL_SAMPLING();
  EXPECT_THAT(advised_by_time("heap-trim"), Contains(HasSubstr("(touch one_cause.c:")));
}

struct Advised {
  json account;
  json truth;
  [[nodiscard]] std::vector<std::string> rules() const {
    std::vector<std::string> names;
    for (const json& piece : account["advice"]) names.push_back(piece["rule"]);
    return names;
  }
};

Advised advised_by_counts(const std::string& which) {
  const TemporaryDirectory directory;
  const std::string out = directory.file("account.json");
  const CommandResult ran =
      run(profiler({"syscalls", "--format", "json", "-o", out, "--", workload("one_cause"), which}),
          {.directory = directory.path()});
  EXPECT_EQ(ran.exit_status, 0) << ran.err;
  return {.account = json::parse(read_bytes(out), nullptr, false),
          .truth = json::parse(ran.out, nullptr, false)};
}

class CountedAdvice : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    REQUIRE_KERNEL_SAMPLING();
    const Advised trial = advised_by_counts("new-memory-not");
    ASSERT_TRUE(trial.account.is_object());
    if (trial.account["backend"] == "none") GTEST_SKIP() << "system calls cannot be counted here";
  }
};

INSTANTIATE_TEST_SUITE_P(, CountedAdvice,
                         ::testing::Values<std::string>("small-transfers", "flushing", "polling",
                                                        "failing-lookups"),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::erase(name, '-');
                           return name;
                         });

TEST_P(CountedAdvice, IsGivenWhereItsCauseDominates) {
  const Advised advised = advised_by_counts(GetParam());
  if (GetParam() == "flushing") {
    const double real = advised.account["time"]["real_s"].get<double>();
    const double waited = advised.truth["waited_s"].get<double>();
    if (waited < 0.2 || waited < 0.3 * real)
      GTEST_SKIP() << "flushing is no work on this file system";
  }
  EXPECT_THAT(advised.rules(), Contains(GetParam())) << advised.account["ledger"];
}

TEST_P(CountedAdvice, IsNotGivenWhereTheSameIsDoneWell) {
  const Advised advised = advised_by_counts(GetParam() + "-not");
  EXPECT_THAT(advised.rules(), IsEmpty()) << advised.account["advice"];
}

}  // namespace
}  // namespace profiler::test
