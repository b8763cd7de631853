// Opens the profile that `-i` names, for every command that looks at one.
//
//   Result<Profile> profile = load_profile("profiler.data");
//
// A recording that was cut off has no names yet: they are resolved here.
#pragma once

#include <string>

#include "profiler/error.h"
#include "profiler/profile.h"

namespace profiler::cli {

[[nodiscard]] Result<Profile> load_profile(const std::string& path);

}  // namespace profiler::cli
