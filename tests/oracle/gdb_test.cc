// Our chains against gdb's backtraces at random stops; more programs and stops: gdb_backtraces.
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "tests/support/command.h"

namespace profiler::oracle {
namespace {

TEST(StoppedThreads, HaveTheBacktracesThatGdbSees) {
  // gdb guesses where it has no information: one stop in twenty may be such a place.
  const auto result =
      test::run({"python3", PROFILER_GDB_BACKTRACES, PROFILER_UNWIND_SNAPSHOT, "--stops", "10",
                 "--programs", "cc1plus", "stops-O2", "--allow", "1"},
                {.timeout = std::chrono::seconds(1200)});
  if (result.exit_status == 127) GTEST_SKIP() << "there is no python3";
  constexpr int kNoStops = 77;
  if (result.exit_status == kNoStops) GTEST_SKIP() << result.out;
  EXPECT_EQ(result.exit_status, 0) << result.out << result.err;
  EXPECT_NE(result.out.find("all: "), std::string::npos);
}

}  // namespace
}  // namespace profiler::oracle
