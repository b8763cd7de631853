// `profiler record`: a recording into a file, and one line about it.
#include <cstdio>
#include <string>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/counting_options.h"
#include "cli/recording_options.h"
#include "cli/recording_summary.h"
#include "cli/run_recording.h"

namespace profiler::cli {

int record_command(std::span<const std::string> args) {
  CommandLine line(
      {.name = "record",
       .usage = "[OPTIONS] [--] PROG [ARG…] | -p PID | -t TID | -a",
       .summary = "Records where a program, processes or the whole machine spend time",
       .examples = {{"profiler record -- make -j8", "a build, with all its processes"},
                    {"profiler record -p 1234 --duration 10", "ten seconds of a server"},
                    {"profiler record -a -- sleep 5", "the machine, for five seconds"},
                    {"profiler record -e faults -c 1 ./prog",
                     "each page fault, and who caused it"}},
       .operands = Operands::kProgram,
       .usage_status = 125});
  add_recording_options(line);
  add_counting_options(line);
  const auto parsed = line.parse(args);
  if (!parsed) return parsed.error();
  const auto counting = counting_options(*parsed);
  if (!counting) return line.fail(counting.error());
  const auto options = recording_options(*parsed, counting->has_value());
  if (!options) return line.fail(options.error());

  const Verbosity how = verbosity(*parsed);
  const auto recorded = run_recording(*options, profile_path(*parsed), how, symbol_sources(*parsed),
                                      *counting ? &**counting : nullptr);
  if (!recorded) return recorded.error();
  if (how != Verbosity::kQuiet) std::fputs(recording_summary(*recorded, how).c_str(), stderr);
  return leave_as(recorded->profile.run);
}

}  // namespace profiler::cli
