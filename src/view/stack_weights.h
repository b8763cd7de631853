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

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "profiler/profile.h"
#include "view/scheduler_frames.h"
#include "view/weight.h"

namespace profiler::view {

/// Whose stacks are told apart: nobody's, those of processes of different names, of threads.
enum class StackOwner : std::uint8_t { kNone, kProcessName, kThread };

struct StackWeight {
  /// A copy: a sample without one has an empty, broken stack; a wait, an empty one.
  Stack stack;
  StringIndex process_name;  ///< Set only when summed by process or thread.
  ThreadIndex thread;        ///< Set only when summed by thread.
  Mode mode = Mode::kUser;   ///< Of all its samples.
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

/// Tells samples apart by what of their stacks is charged.
class StackRows {
 public:
  explicit StackRows(const Profile& profile, StackOwner by = StackOwner::kNone)
      : profile_(profile), by_(by), charged_(profile) {}

  /// The row that the sample is charged to; its weight is added to it.
  std::size_t add(const Sample& sample);
  [[nodiscard]] std::vector<StackWeight>& rows() { return rows_; }

 private:
  struct Key {
    std::uint32_t owner;  ///< A row: of a name, of a thread, or none.
    std::uint32_t stack;
    Mode mode;
    WaitClass wait;  ///< kNone: on the CPU.
    bool operator==(const Key&) const = default;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const;
  };

  const Profile& profile_;
  StackOwner by_;
  ChargedStacks charged_;
  std::unordered_map<Key, std::size_t, Hash> numbers_;
  std::vector<StackWeight> rows_;
};

/// In no particular but a fixed order.
[[nodiscard]] std::vector<StackWeight> stack_weights(const Profile& profile,
                                                     const std::vector<const Sample*>& samples,
                                                     StackOwner by = StackOwner::kNone);

}  // namespace profiler::view
