#include "cli/display.h"

#include <unistd.h>

#include "cli/terminal.h"

namespace profiler::cli {

void add_display_options(CommandLine& line) {
  line.advanced().add_options()("color", po::value<std::string>()->value_name("WHEN"),
                                "auto (on a terminal, without NO_COLOR), always or never")(
      "no-pager", po::bool_switch(), "do not page long output on a terminal");
}

Result<Display> display_of(const ParsedOptions& options, const std::string& output) {
  const auto choice = parse_color(options.get<std::string>("color", "auto"));
  if (!choice) return std::unexpected(choice.error());
  TerminalFacts facts = terminal_facts(STDOUT_FILENO);
  if (output != "-") {
    facts.is_terminal = false;
    facts.window_columns.reset();
  }
  Display display;
  display.color = decide_color(*choice, facts);
  display.width = decide_width(facts);
  const bool page = output == "-" && facts.is_terminal && !options.flag("no-pager");
  display.paging = page ? Paging::kOnTerminal : Paging::kNever;
  return display;
}

}  // namespace profiler::cli
