// The stacks of samples as exporters write them: from the outermost place to the innermost, kernel
// frames one by one or folded, inlined functions as steps of their place.
//
//   Places places(profile, KernelFrames::kShown);
//   for (const PlaceId place : places.path(stacks.of(*sample)))
//     for (const Step& step : places.steps(place))       // outermost first
//       places.name(step.function), step.location
//
// A place is a frame, or a mark that stands for something else: "[truncated]", "<syscall read>",
// "<wait lock>". Places and functions are small numbers: what an exporter knows of one lies in a
// vector.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "profiler/profile.h"
#include "view/call_path.h"
#include "view/stack_weights.h"

namespace profiler::exporter {

using PlaceId = std::uint32_t;
/// A function of the profile, a frame without a name, or a mark.
using FunctionId = std::uint32_t;

enum class KernelFrames : std::uint8_t {
  kShown,   ///< Each, where the chain is known.
  kFolded,  ///< One mark for the way into the kernel.
};

/// What of the samples' time is written, by formats that have a value for each mode.
enum class Times : std::uint8_t {
  kOnCpu,
  kAll,    ///< Waits beside it.
  kWaits,  ///< Nothing else.
};

/// What a step's code is; kMark: none of a program's or the kernel's functions.
enum class Code : std::uint8_t { kUser, kInlined, kGenerated, kKernel, kMark };

struct Step {
  FunctionId function = 0;
  LocationIndex location;  ///< None where file and line are not known.
  Code code = Code::kUser;
  bool inlined = false;  ///< Into the step before it. Kernel functions too.
};

/// Of a step in a path: what folded stacks put a suffix to.
[[nodiscard]] Code code_of(const Profile& profile, const view::PathEntry& entry);

class Places {
 public:
  /// The profile outlives it.
  Places(const Profile& profile, KernelFrames kernel);

  /// Outermost first, at least one. Valid until the next call.
  std::span<const PlaceId> path(const view::StackWeight& stack);
  /// The mark that stands for all that runs under a process's name.
  PlaceId process(StringIndex name);

  [[nodiscard]] std::span<const Step> steps(PlaceId place) const;
  /// None: a mark.
  [[nodiscard]] const Frame* frame(PlaceId place) const;

  /// As tables show it, but on one line (clean_name).
  [[nodiscard]] std::string name(FunctionId function) const;
  /// Null: a mark, or a frame without a name.
  [[nodiscard]] const Function* function(FunctionId function) const;
  /// Where a function lies; none for marks.
  [[nodiscard]] ModuleIndex module(FunctionId function) const;
  [[nodiscard]] bool is_process(FunctionId function) const;

  /// Both grow with the marks that are met.
  [[nodiscard]] std::size_t size() const { return frame_places_ + marks_.size(); }
  [[nodiscard]] std::size_t functions() const { return first_mark_function_ + marks_.size(); }

 private:
  PlaceId mark(const view::PathEntry& entry);
  void append_chain(NodeIndex leaf);
  void add_steps(FrameIndex frame);

  const Profile& profile_;
  bool fold_;
  // Places: frames by row, then no frame at all, then marks_. Functions: by row, then places of
  // frames that have none, then marks_.
  std::uint32_t frame_places_;
  std::uint32_t first_mark_function_;
  std::vector<Step> steps_;           ///< Of all frames, one after the other.
  std::vector<std::uint32_t> first_;  ///< Where those of each place begin in steps_.
  std::vector<view::PathEntry> marks_;
  std::vector<Step> mark_steps_;
  std::map<view::PathEntry, PlaceId> mark_places_;
  std::vector<PlaceId> path_;
};

}  // namespace profiler::exporter
