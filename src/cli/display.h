// How a command shows its text: colours, width, pager. The options are the same for all commands.
//
//   add_display_options(line);                          // --color, --no-pager
//   auto display = display_of(*options, output);        // output: "-" or a file
//   std::string text = render(table, display->width, display->color);
//   write_output(output, text, Content::kText, display->paging);
#pragma once

#include <cstddef>
#include <string>

#include "cli/command_line.h"
#include "cli/output.h"
#include "profiler/error.h"

namespace profiler::cli {

struct Display {
  bool color = false;
  std::size_t width = 80;  ///< Columns.
  Paging paging = Paging::kNever;
};

/// Adds --color and --no-pager to the advanced options.
void add_display_options(CommandLine& line);

/// For text that goes to `output`: "-" is standard output, anything else a file.
[[nodiscard]] Result<Display> display_of(const ParsedOptions& options, const std::string& output);

}  // namespace profiler::cli
