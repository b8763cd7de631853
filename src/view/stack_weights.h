// Samples summed by distinct stack, so that each stack is walked once however often it was seen.
//
//   for (const StackWeight& s : stack_weights(profile, samples)) walk(s.stack, s.weight);
//
//   ChargedStacks stacks(profile);                    // sample by sample, where their order counts
//   for (const Sample* sample : samples) walk(stacks.of(*sample).stack, sample->weight);
//
// Waits are summed apart from time on the CPU, and by class: s.stack.wait is theirs. What of a
// stack only says that the thread leaves its CPU is no part of them (scheduler_frames.h), nor is
// anything of the kernel where it was preempted.
#pragma once

#include <optional>
#include <vector>

#include "profiler/profile.h"
#include "view/scheduler_frames.h"
#include "view/weight.h"

namespace profiler::view {

struct StackWeight {
  /// A copy: a sample without one has an empty, broken stack; a wait, an empty one.
  Stack stack;
  StringIndex process_name;  ///< Set only when summed by process.
  ThreadIndex thread;        ///< Set only when summed by thread.
  Weight weight;
  /// Time in the kernel, or off the CPU, of which no kernel part is known: it still gets a folded
  /// node, so that it is not taken for the user function's own.
  bool hidden_kernel = false;
};

/// What of each sample's stack is charged.
class ChargedStacks {
 public:
  explicit ChargedStacks(const Profile& profile) : profile_(profile) {}

  /// Of this one sample, without its weight.
  [[nodiscard]] StackWeight of(const Sample& sample);

 private:
  const Profile& profile_;
  std::optional<SchedulerFrames> scheduler_;
};

/// In no particular but a fixed order.
[[nodiscard]] std::vector<StackWeight> stack_weights(const Profile& profile,
                                                     const std::vector<const Sample*>& samples,
                                                     bool by_process = false);

/// Likewise, the stacks of each thread by themselves.
[[nodiscard]] std::vector<StackWeight> thread_stack_weights(
    const Profile& profile, const std::vector<const Sample*>& samples);

}  // namespace profiler::view
