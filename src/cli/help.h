// The help screen of a command, laid out for 80 columns.
//
//   std::string screen = help_screen(info, basic, nullptr);   // --help: 24 lines at most, with
//   care
#pragma once

#include <boost/program_options.hpp>
#include <string>

#include "cli/command_info.h"

namespace profiler::cli {

/// Usage, summary, options (those of `advanced` too unless it is null) and examples.
[[nodiscard]] std::string help_screen(const CommandInfo& info,
                                      const boost::program_options::options_description& basic,
                                      const boost::program_options::options_description* advanced);

}  // namespace profiler::cli
