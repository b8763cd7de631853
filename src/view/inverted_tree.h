// Builds the bottom-up tree of call_tree.h. Used inside src/view only.
//
//   InvertedTreeBuilder builder(profile, steps, options);
//   CallTree tree = builder.build(stacks);                // children not linked yet
//
// A bottom-up tree has a node for nearly every frame of every distinct stack, of which people look
// at the heaviest few. So each node keeps its stacks and how far up each of them it stands, and is
// divided among its callers only if it is heavy enough to be looked at.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "view/call_tree.h"
#include "view/stack_weights.h"
#include "view/step_table.h"

namespace profiler::view {

class InvertedTreeBuilder {
 public:
  /// All outlive it.
  InvertedTreeBuilder(const Profile& profile, StepTable& steps, const TreeOptions& options);

  [[nodiscard]] CallTree build(const std::vector<StackWeight>& stacks);

 private:
  /// How far up its path a stack has been walked: what the next step is.
  struct Cursor {
    enum class Part : std::uint8_t { kWait, kKernel, kFolded, kUser, kAbove, kEnd };
    std::uint32_t stack = 0;  ///< In *stacks_.
    NodeIndex node;           ///< In kKernel and kUser: the frame.
    std::uint32_t steps = 0;  ///< Of the frame, or of what stands above it, that are done.
    Part part = Part::kKernel;
  };
  struct Branch {
    std::uint32_t tree_node = 0;
    StepId step = 0;
    std::vector<Cursor> cursors;
  };

  [[nodiscard]] Cursor first(std::uint32_t stack) const;
  /// At the innermost frame, or what is folded.
  [[nodiscard]] Cursor behind_wait(std::uint32_t stack) const;
  /// The next step, innermost first; none at the end of the path.
  std::optional<StepId> advance(Cursor& cursor);
  /// What stands above all frames: how the stack ended if that is not complete, its process.
  const std::vector<StepId>& steps_above(const StackWeight& stack);
  /// True if recursion is merged and `step` is the function of the branch again.
  [[nodiscard]] bool repeats(const Branch& branch, StepId step) const;
  void divide(Branch branch);

  const Profile& profile_;
  StepTable& steps_;
  const TreeOptions& options_;
  const std::vector<StackWeight>* stacks_ = nullptr;
  std::map<std::tuple<StringIndex, ThreadIndex, Completeness>, std::vector<StepId>> above_;
  CallTree tree_;
  std::vector<Branch> undivided_;
  /// Whether it is heavy enough to be divided: on the CPU or off it.
  [[nodiscard]] bool is_divided(const Weight& weight) const;
  double threshold_ = 0;       ///< Weight from which on a node is divided.
  double wait_threshold_ = 0;  ///< Likewise.
};

}  // namespace profiler::view
