// What is to be said of the files that a recording's processes had mapped: which are gone, which
// have changed.
//
//   for (std::string& line : module_notes(profile, info.build_ids)) run.notes.push_back(line);
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "profiler/build_id.h"
#include "profiler/profile.h"

namespace profiler::perf_data {

/// `build_ids`: by path. Pipes may tell them behind the samples only, when all files have been
/// opened.
[[nodiscard]] std::vector<std::string> module_notes(
    const Profile& profile, const std::unordered_map<std::string, BuildId>& build_ids);

}  // namespace profiler::perf_data
