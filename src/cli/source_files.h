// Finds and reads the source files that a profile names.
//
//   auto search = source_search({"/build/app=/home/me/app", "vendor"});
//   render::SourceText text = read_source("/build/app/src/main.cc", *search, recorded_at_ns);
//
// A file is looked for where OLD=NEW says; in each directory given, by as much of its path as is
// there; as recorded; and here, by as much of its path as is there.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "profiler/error.h"
#include "render/source_text.h"

namespace profiler::cli {

struct SourceSearch {
  std::vector<std::pair<std::string, std::string>> moved;  ///< OLD to NEW.
  std::vector<std::string> directories;
};

/// From values of --source-dir: "OLD=NEW" or a directory. Error: a directory that is not there.
[[nodiscard]] Result<SourceSearch> source_search(const std::vector<std::string>& values);

/// Where `recorded` may lie, best first.
[[nodiscard]] std::vector<std::string> source_candidates(const std::string& recorded,
                                                         const SourceSearch& search);

/// The first candidate that is a regular file and can be read; its path is empty if none is.
/// `newer`: changed after that time (0: not known when).
[[nodiscard]] render::SourceText read_source(const std::string& recorded,
                                             const SourceSearch& search,
                                             std::uint64_t recorded_at_ns);

}  // namespace profiler::cli
