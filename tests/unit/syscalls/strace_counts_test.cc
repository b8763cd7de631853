#include "tests/support/strace_counts.h"

#include <gtest/gtest.h>

namespace profiler::test {
namespace {

TEST(StraceCounts, ReadsCallsAndErrors) {
  const CallCounts counts = parse_strace_counts(
      "hello\n"
      "% time     seconds  usecs/call     calls    errors syscall\n"
      "------ ----------- ----------- --------- --------- -------------------\n"
      " 62.50    0.000015           1         8         3 read\n"
      " 37.50    0.000009           2         4           write\n"
      "------ ----------- ----------- --------- --------- -------------------\n"
      "100.00    0.000024           2        12         3 total\n");
  EXPECT_EQ(counts, (CallCounts{{"read", {8, 3}}, {"write", {4, 0}}}));
}

TEST(StraceCounts, AreNoneWithoutATable) {
  EXPECT_TRUE(parse_strace_counts("strace: no such file\n").empty());
}

}  // namespace
}  // namespace profiler::test
