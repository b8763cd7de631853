// The options of `record` and `time` that say what to record and how, with perf's letters.
//
//   CommandLine line(info);
//   add_recording_options(line);
//   auto parsed = line.parse(args);
//   Result<record::RecordOptions> options = recording_options(*parsed, counting);
#pragma once

#include <cstdint>
#include <string>

#include "cli/command_line.h"
#include "profiler/error.h"
#include "record/record_options.h"

namespace profiler::cli {

void add_recording_options(CommandLine& line);

/// Checks them against each other too: one target, a program or a way to end. `counting`: system
/// calls are counted as well.
[[nodiscard]] Result<record::RecordOptions> recording_options(const ParsedOptions& parsed,
                                                              bool counting);

/// How much a command says on stderr about itself.
enum class Verbosity : std::uint8_t { kQuiet, kNormal, kVerbose };
[[nodiscard]] Verbosity verbosity(const ParsedOptions& parsed);

/// Where the profile goes: -o, or profiler.data.
[[nodiscard]] std::string profile_path(const ParsedOptions& parsed);

}  // namespace profiler::cli
