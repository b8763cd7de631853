// Where the names of a perf.data are looked for: --kallsyms, --vmlinux and --sysroot, the
// same for all commands that read one.
//
//   add_symbol_options(line);
//   Result<Profile> profile = load_profile(path, symbol_sources(*parsed));
#pragma once

#include <string>

#include "cli/command_line.h"

namespace profiler::cli {

/// Only a perf.data needs them: a profile has its names in it.
struct SymbolSources {
  std::string kallsyms = {};
  std::string vmlinux = {};
  std::string sysroot = {};
};

/// Adds them to the advanced options.
void add_symbol_options(CommandLine& line);
[[nodiscard]] SymbolSources symbol_sources(const ParsedOptions& options);

}  // namespace profiler::cli
