#include "cli/symbol_options.h"

namespace profiler::cli {
namespace {

std::string without_slashes(std::string path) {
  while (path.ends_with('/')) path.pop_back();
  return path;
}

}  // namespace

void add_debug_file_options(po::options_description& options) {
  options.add_options()  //
      ("debug-dir", po::value<std::vector<std::string>>()->composing()->value_name("DIR"),
       "debug files lie there too, as under /usr/lib/debug or by name; may be repeated")  //
      ("vmlinux", po::value<std::string>()->value_name("FILE"),
       "the kernel's image with symbols and debug information");
}

void add_symbol_options(CommandLine& line) {
  add_debug_file_options(line.advanced());
  line.advanced().add_options()  //
      ("kallsyms", po::value<std::string>()->value_name("FILE"),
       "for a perf.data: a copy of /proc/kallsyms of the machine it comes from")  //
      ("sysroot", po::value<std::string>()->value_name("DIR"),
       "for a perf.data: where the files of that machine lie");
}

SymbolSources symbol_sources(const ParsedOptions& options) {
  SymbolSources sources{.kallsyms = options.get<std::string>("kallsyms"),
                        .vmlinux = options.get<std::string>("vmlinux"),
                        .sysroot = without_slashes(options.get<std::string>("sysroot"))};
  for (const auto& directory : options.get<std::vector<std::string>>("debug-dir"))
    sources.debug_directories.push_back(without_slashes(directory));
  return sources;
}

symbolizer::DebugFileSearch debug_file_search(const SymbolSources& sources) {
  symbolizer::DebugFileSearch search;
  search.directories.insert(search.directories.begin(), sources.debug_directories.begin(),
                            sources.debug_directories.end());
  search.build_id_cache = symbolizer::default_build_id_cache();
  return search;
}

}  // namespace profiler::cli
