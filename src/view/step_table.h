// Every step a call path can take, as a small number: paths are then compared, counted and merged
// without touching names. Used inside src/view only.
//
//   StepTable steps(profile);
//   for (StepId s : steps.of_frame(frame)) ++count[s];      // outermost first
//   label(profile, steps.entry(s));
//
// Functions and frames are numbered by their own rows; the few other steps when they are first
// seen, so size() grows.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "profiler/profile.h"
#include "view/call_path.h"

namespace profiler::view {

using StepId = std::uint32_t;

class StepTable {
 public:
  /// `merge_recursion`: recurs() will be asked.
  explicit StepTable(const Profile& profile, bool merge_recursion = false);

  [[nodiscard]] std::span<const StepId> of_frame(FrameIndex frame) const;
  StepId of(const PathEntry& entry);
  [[nodiscard]] PathEntry entry(StepId step) const;
  /// The same function when it is not inlined; any other step itself.
  [[nodiscard]] StepId standalone(StepId step) const {
    return step < function_end_ ? step & ~StepId{1} : step;
  }
  /// Whether both are the same function of the source (source_function.h).
  [[nodiscard]] bool recurs(StepId a, StepId b) const {
    return a < function_end_ && b < function_end_ && source_[a / 2] == source_[b / 2];
  }
  [[nodiscard]] std::size_t size() const { return frame_end_ + others_.size(); }

 private:
  // [0, function_end_): function row * 2 + inlined; [function_end_, frame_end_): addresses by frame
  // row; then others_.
  StepId function_end_;
  StepId frame_end_;
  std::vector<PathEntry> others_;
  std::map<PathEntry, StepId> other_ids_;
  std::vector<StepId> steps_;          ///< Of all frames, one after the other.
  std::vector<std::uint32_t> first_;   ///< Where each frame's steps begin in steps_.
  std::vector<FunctionIndex> source_;  ///< Of each function, if recursion is merged.
  StepId no_frame_;
};

}  // namespace profiler::view
