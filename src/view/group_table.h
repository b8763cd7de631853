// Time by something other than the function: module, process, thread or source line.
//
//   Table rows = group_table(profile, samples, GroupBy::kModule, {});
//
// Self goes to the group of the innermost frame, total once a sample to every group in its stack.
// A process and a thread are where a sample was taken, so their self and total are the same.
#pragma once

#include <cstdint>
#include <vector>

#include "profiler/profile.h"
#include "view/function_table.h"
#include "view/table.h"

namespace profiler::view {

enum class GroupBy : std::uint8_t {
  kModule,   ///< Path of the file; "[kernel]" for the kernel unless its frames are wanted.
  kProcess,  ///< Processes of one name together, with their number.
  kThread,   ///< Each thread of each process.
  kLine,     ///< file:line of the call or instruction; the function where no line is known.
};

/// By total, heaviest first.
[[nodiscard]] Table group_table(const Profile& profile, const std::vector<const Sample*>& samples,
                                GroupBy by, const TableOptions& options);

}  // namespace profiler::view
