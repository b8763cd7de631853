// Charges each distinct thing of a stack once a sample, whatever "thing" is: function, module,
// line. The one place where self and total are decided. Used inside src/view only.
//
//   std::vector<Charge> charges = charge_groups(profile, samples, options, groups);
//   charges[g].total                                 // samples whose stack holds group g
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "profiler/profile.h"
#include "view/weight.h"

namespace profiler::view {

/// Numbers what a table is grouped by.
struct Grouping {
  /// Groups of a frame's functions, outermost first; never empty.
  std::function<std::span<const std::uint32_t>(FrameIndex)> of_frame;
  /// The group that stands for the folded kernel part of a stack.
  std::function<std::uint32_t(const Stack&)> of_kernel;
  /// The group of a stack that has no frame at all.
  std::function<std::uint32_t()> of_nothing;
};

/// By group number; as long as the highest number seen needs.
[[nodiscard]] std::vector<Charge> charge_groups(const Profile& profile,
                                                const std::vector<const Sample*>& samples,
                                                bool kernel_frames, const Grouping& grouping);

}  // namespace profiler::view
