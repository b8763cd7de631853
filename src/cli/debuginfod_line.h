// Debug files from debuginfod servers, for commands: with a line on stderr that counts along if
// that is a terminal.
//
//   search.download = debug_file_download(quiet);      // empty where DEBUGINFOD_URLS is not set
//
// One connection, and one limit of time, for the whole command. When there is trouble it is said
// once.
#pragma once

#include <functional>
#include <string>

#include "profiler/build_id.h"

namespace profiler::cli {

[[nodiscard]] std::function<std::string(const BuildId&)> debug_file_download(bool quiet);

}  // namespace profiler::cli
