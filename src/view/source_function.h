// Which functions of a profile are one in the source: the compiler may inline it here and clone it
// there, and names are then "depth", "depth(int)" and "depth(int) [clone .isra.0]".
//
//   const std::vector<FunctionIndex> written = source_functions(profile);
//   written[a.row()] == written[b.row()];             // the same function
//
// Those are the same whose names are equal without parameters and what copies have behind their
// names (copy_suffix.h), and that are declared at the same line. One whose declaration is unknown
// is the same as another of its module if all of the name but that is equal. Instances of one
// template are different functions.
#pragma once

#include <vector>

#include "profiler/profile.h"

namespace profiler::view {

/// Of each row of Profile::functions, a row that stands for all that are the same.
[[nodiscard]] std::vector<FunctionIndex> source_functions(const Profile& profile);

}  // namespace profiler::view
