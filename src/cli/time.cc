// `profiler time`: runs a program like time(1), and explains its seconds on stderr.
#include <unistd.h>

#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/counting_options.h"
#include "cli/recording_options.h"
#include "cli/run_recording.h"
#include "cli/terminal.h"
#include "render/overview.h"
#include "view/event_list.h"
#include "view/filter.h"
#include "view/overview.h"

namespace profiler::cli {

int time_command(std::span<const std::string> args) {
  CommandLine line({.name = "time",
                    .usage = "[OPTIONS] [--] PROG [ARG…]",
                    .summary = "Runs a program like time(1), and explains where its seconds went",
                    .examples = {{"profiler time -- g++ -O2 -c some.cc", "explain a compile"},
                                 {"profiler time -F 4000 ./prog", "four samples a millisecond"}},
                    .operands = Operands::kProgram,
                    .usage_status = 125});
  add_recording_options(line);
  add_counting_options(line);
  line.advanced().add_options()  //
      ("color", po::value<std::string>()->value_name("WHEN"), "auto, always or never");
  const auto parsed = line.parse(args);
  if (!parsed) return parsed.error();
  const auto counting = counting_options(*parsed);
  if (!counting) return line.fail(counting.error());
  const auto options = recording_options(*parsed, counting->has_value());
  if (!options) return line.fail(options.error());
  const auto color = parse_color(parsed->get<std::string>("color", "auto"));
  if (!color) return line.fail(color.error());

  const Verbosity how = verbosity(*parsed);
  const auto recorded = run_recording(*options, profile_path(*parsed), how, symbol_sources(*parsed),
                                      *counting ? &**counting : nullptr);
  if (!recorded) return recorded.error();
  if (how != Verbosity::kQuiet) {
    const Profile& profile = recorded->profile;
    const view::Filter main{.event = view::main_row(view::event_list(profile))};
    const view::Selection selection = view::select_with_waits(profile, main);
    const std::vector<const Sample*>& samples = selection.samples;
    std::optional<render::SyscallsReport> counted;
    if (profile.syscalls.counted())
      counted = render::syscalls_report(profile, samples, SyscallGrouping::kNone, main.event);
    const std::string text = render::overview_text(
        profile, view::overview(profile, samples),
        {.width = terminal_width(STDERR_FILENO), .colour = use_color(*color, STDERR_FILENO)},
        {.profile_path = recorded->path,
         .event = main.event,
         .counted = counted ? &*counted : nullptr});
    std::fputs(text.c_str(), stderr);
  }
  return leave_as(recorded->profile.run);
}

}  // namespace profiler::cli
