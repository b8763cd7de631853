// Every case of this folder: the chain is the expected one, with cold and with warm rules, and what
// another program said of the same stack agrees with it.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "tests/offline/stack_case.h"
#include "tests/support/temporary_directory.h"

namespace profiler::test {
namespace {

std::vector<std::string> case_names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(PROFILER_OFFLINE_CASES)) {
    const std::string name = entry.path().filename().string();
    if (entry.is_directory() && name != "programs") names.push_back(name);
  }
  std::ranges::sort(names);
  return names;
}

/// Without comments, and without lines that are nothing else.
std::string without_comments(const std::string& text) {
  std::istringstream lines(text);
  std::string result;
  for (std::string line; std::getline(lines, line);) {
    line.resize(std::min(line.size(), line.find('#')));
    line.resize(line.find_last_not_of(' ') + 1);
    if (!line.empty()) result += line + "\n";
  }
  return result;
}

/// The first word of each frame's line, as often as it says.
std::vector<std::string> places(const std::string& text) {
  std::istringstream lines(without_comments(text));
  std::vector<std::string> result;
  for (std::string line; std::getline(lines, line) && !line.starts_with("end: ");) {
    const std::size_t times = line.rfind(" x");
    const std::size_t count = times == std::string::npos ? 1 : std::stoul(line.substr(times + 2));
    result.insert(result.end(), count, line.substr(0, line.find(' ')));
  }
  return result;
}

class OfflineCase : public testing::TestWithParam<std::string> {
 protected:
  [[nodiscard]] static std::string folder() {
    return std::string(PROFILER_OFFLINE_CASES) + "/" + GetParam();
  }
};

TEST_P(OfflineCase, HasTheExpectedChain) {
  const auto stack_case = StackCase::read(folder());
  ASSERT_TRUE(stack_case) << stack_case.error().message();
  const std::string expected = without_comments(read_bytes(folder() + "/expected"));
  CaseWalk walk(*stack_case, sparse_modules(folder()));
  EXPECT_EQ(text(walk.run()), expected) << "with cold rules";
  EXPECT_EQ(text(walk.run()), expected) << "with warm rules";
}

/// Where our chain ends for a reason of the copy's, or the witness where it need not, the other may
/// go on. "# differs: why" in the file says that the witness is known to be wrong.
TEST_P(OfflineCase, HasAnExpectationThatSomethingElseConfirms) {
  ASSERT_TRUE(std::filesystem::exists(folder() + "/origin"));
  const std::string witness = read_bytes(folder() + "/witness");
  if (witness.find("# differs: ") != std::string::npos) return;
  const std::vector<std::string> theirs = places(witness);
  const std::string expected = read_bytes(folder() + "/expected");
  const std::vector<std::string> ours = places(expected);
  const std::size_t both = std::min(ours.size(), theirs.size());
  ASSERT_GT(both, 0U);
  for (std::size_t i = 0; i < both; ++i) ASSERT_EQ(ours[i], theirs[i]) << "frame " << i;
  const auto ends = [&](StackEnd end) {
    return expected.contains("end: " + std::string(name(end)));
  };
  if (ends(StackEnd::kUndefinedReturnAddress) || ends(StackEnd::kThreadRoot)) {
    EXPECT_EQ(theirs.size(), both) << "it goes on: " << theirs[both];
  }
}

INSTANTIATE_TEST_SUITE_P(Folders, OfflineCase, testing::ValuesIn(case_names()),
                         [](const auto& instance) { return instance.param; });

TEST(OfflineCases, AreManyAndSmall) {
  EXPECT_GE(case_names().size(), 20U);
  std::uintmax_t all = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(PROFILER_OFFLINE_CASES)) {
    if (entry.is_regular_file()) all += entry.file_size();
  }
  EXPECT_LT(all, 2U << 20U);
}

}  // namespace
}  // namespace profiler::test
