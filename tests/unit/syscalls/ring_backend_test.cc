#include "syscalls/ring_backend.h"

#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <map>
#include <thread>

#include "tests/support/command.h"
#include "tests/support/strace_counts.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/syscalls/counted_run.h"

namespace profiler::syscalls {
namespace {

using test::CallCounts;

class RingBackendTest : public testing::Test {
 protected:
  void SetUp() override {
    static const auto kRefused = counting_refused();
    if (kRefused) GTEST_SKIP() << "needs trace points: " << *kRefused;
  }
};

/// What strace says of it, with what it does not tell.
std::optional<CallCounts> counts_of_strace(const std::vector<std::string>& command) {
  const test::TemporaryDirectory directory;
  const std::string table = directory.file("table");
  std::vector<std::string> words{"strace", "-f", "-c", "-o", table};
  words.insert(words.end(), command.begin(), command.end());
  if (test::run(words).exit_status != 0) return std::nullopt;
  const CallCounts counts = test::parse_strace_counts(test::read_bytes(table));
  if (counts.empty()) return std::nullopt;
  return counts;
}

/// strace shows neither of these.
void leave_out_what_strace_does(CallCounts& counts) {
  counts.erase("exit_group");
  counts.erase("exit");
  std::erase_if(counts, [](const auto& row) { return row.first.starts_with("syscall_"); });
}

TEST_F(RingBackendTest, CountsWhatStraceCounts) {
  for (const Coverage coverage : {Coverage::kPerCpu, Coverage::kInherited}) {
    const std::vector<std::string> command{workload("many_calls"), "5"};
    const CountedRun run = count_run(command, {}, coverage);
    ASSERT_EQ(run.status, 0);
    EXPECT_EQ(run.account.lost, 0U);
    CallCounts counts = run.counts();
    EXPECT_GE(counts.size(), 80U);
    // Three children a round, and itself.
    EXPECT_EQ(counts["exit_group"].calls, 5U * 3 + 1);
    EXPECT_EQ(counts["syscall_999"], (test::CallCount{5, 5}));
    leave_out_what_strace_does(counts);
    const auto expected = counts_of_strace(command);
    if (!expected) GTEST_SKIP() << "no strace";
    for (const auto& [name, count] : *expected) {
      EXPECT_EQ(counts[name].calls, count.calls) << name;
      EXPECT_EQ(counts[name].errors, count.errors) << name;
    }
    EXPECT_EQ(counts.size(), expected->size());
  }
}

}  // namespace
}  // namespace profiler::syscalls
