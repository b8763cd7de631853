// Samples summed by distinct stack, so that each stack is walked once however often it was seen.
//
//   for (const StackWeight& s : stack_weights(profile, samples)) walk(s.stack, s.weight);
//
// Waits are summed apart from time on the CPU, and by class: s.stack.wait is theirs. What of a
// stack only says that the thread leaves its CPU is no part of them (scheduler_frames.h), nor is
// anything of the kernel where it was preempted.
#pragma once

#include <vector>

#include "profiler/profile.h"
#include "view/weight.h"

namespace profiler::view {

struct StackWeight {
  /// A copy: a sample without one has an empty, broken stack; a wait, an empty one.
  Stack stack;
  StringIndex process_name;  ///< Set only when summed by process.
  Weight weight;
  /// Time in the kernel, or off the CPU, of which no kernel part is known: it still gets a folded
  /// node, so that it is not taken for the user function's own.
  bool hidden_kernel = false;
};

/// In no particular but a fixed order.
[[nodiscard]] std::vector<StackWeight> stack_weights(const Profile& profile,
                                                     const std::vector<const Sample*>& samples,
                                                     bool by_process = false);

}  // namespace profiler::view
