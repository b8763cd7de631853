// Where names are looked for: --debug-dir, --vmlinux and, for a perf.data, --kallsyms and
// --sysroot; the same for all commands that resolve them.
//
//   add_symbol_options(line);
//   Result<Profile> profile = load_profile(path, symbol_sources(*parsed));
//   ModuleSymbolizer names(file, debug_file_search(symbol_sources(*parsed)));
#pragma once

#include <string>
#include <vector>

#include "cli/command_line.h"
#include "symbolizer/elf/debug_files.h"

namespace profiler::cli {

/// A profile has its names in it: only a perf.data, and a recording that was cut off, need them.
struct SymbolSources {
  std::string kallsyms = {};
  std::string vmlinux = {};
  std::string sysroot = {};
  std::vector<std::string> debug_directories = {};
};

/// For commands that open a profile or a perf.data: all of them, among the advanced options.
void add_symbol_options(CommandLine& line);
/// For commands that record: --debug-dir and --vmlinux.
void add_debug_file_options(po::options_description& options);
/// What was given of them.
[[nodiscard]] SymbolSources symbol_sources(const ParsedOptions& options);

/// Where debug files lie: in the directories given, on this machine, in perf's cache.
[[nodiscard]] symbolizer::DebugFileSearch debug_file_search(const SymbolSources& sources);

}  // namespace profiler::cli
