// What a command says about itself: the head of its help screen, and how it takes its arguments.
//
//   CommandInfo{.name = "report", .usage = "[OPTIONS]", .summary = "Tables and trees of a profile",
//               .examples = {{"profiler report --sys", "functions by the kernel time they cause"}}}
#pragma once

#include <string>
#include <vector>

#include "cli/arguments.h"

namespace profiler::cli {

struct Example {
  std::string command;  ///< "profiler time -- make -j8"
  std::string meaning;  ///< "explain a build"
};

struct CommandInfo {
  std::string name;     ///< "report"
  std::string usage;    ///< What follows the name: "[OPTIONS] [-i FILE]".
  std::string summary;  ///< One line without a full stop.
  std::vector<Example> examples = {};
  Operands operands = Operands::kNone;
  /// When the options are wrong: 125 for the commands whose status is the child's.
  int usage_status = 1;
};

}  // namespace profiler::cli
