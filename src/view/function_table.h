// Time by function: self, and the total of everything it called, kernel included.
//
//   Table rows = function_table(profile, samples, {.kernel_frames = false});
//
// With kernel frames folded (the default) the kernel's part of each call is one row a boundary,
// "<syscall read>"; otherwise each kernel function has a row. Self times add up to all samples.
#pragma once

#include <vector>

#include "profiler/profile.h"
#include "view/table.h"

namespace profiler::view {

struct TableOptions {
  bool kernel_frames = false;
};

/// By total, heaviest first. The path "[truncated]" or "[broken]" alone is a row only where there
/// is no frame at all.
[[nodiscard]] Table function_table(const Profile& profile,
                                   const std::vector<const Sample*>& samples,
                                   const TableOptions& options);

}  // namespace profiler::view
