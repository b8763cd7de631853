// A forked child that runs a function one instruction at a time, with the chain of callers that is
// true before each instruction: every call pushes its return address on a list of our own, and
// whatever the stack pointer has risen above is gone. No unwind information is asked.
//
//   StepReport report = step_through(function);
//   EXPECT_EQ(report.differences, 0) << report.first;
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "profiler/stack_end.h"

namespace profiler::unwind::test {

struct StepReport {
  bool refused = false;  ///< ptrace is not permitted here.
  bool finished = false;
  std::uint64_t steps = 0;
  std::uint64_t differences = 0;
  std::string first;  ///< The first few differences.
  std::uint64_t deepest = 0;
  std::uint64_t signals = 0;  ///< Handled on the way.
  /// Steps in assembly of libc that pushes registers while its call frame information says that the
  /// return address is on top (glibc 2.36: mpn_mul_1 and its like). They are not compared.
  std::uint64_t misdescribed = 0;
  std::uint64_t slow_steps = 0;     ///< Of the unwinder: frames that no rule expresses.
  std::set<std::uint64_t> visited;  ///< Program counters.
  std::uint64_t frames_compared = 0;
};

/// Unwinds before every instruction of `function` and of what it calls, up to `most_steps`.
StepReport step_through(void (*function)(), std::uint64_t most_steps);

}  // namespace profiler::unwind::test
