// What `record` says on stderr when it has ended.
#pragma once

#include <string>

#include "cli/recording_options.h"
#include "cli/run_recording.h"

namespace profiler::cli {

/// A line with samples, losses, completeness and the file; then the run's notes; with kVerbose
/// also how stacks ended and what the recorder used. Ends with a newline.
[[nodiscard]] std::string recording_summary(const Recorded& recorded, Verbosity verbosity);

}  // namespace profiler::cli
