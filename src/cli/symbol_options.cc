#include "cli/symbol_options.h"

namespace profiler::cli {

void add_symbol_options(CommandLine& line) {
  line.advanced().add_options()  //
      ("kallsyms", po::value<std::string>()->value_name("FILE"),
       "for a perf.data: a copy of /proc/kallsyms of the machine it comes from")(
          "vmlinux", po::value<std::string>()->value_name("FILE"),
          "for a perf.data: the kernel's image with symbols, where there is no kallsyms")(
          "sysroot", po::value<std::string>()->value_name("DIR"),
          "for a perf.data: where the files of that machine lie");
}

SymbolSources symbol_sources(const ParsedOptions& options) {
  SymbolSources sources{.kallsyms = options.get<std::string>("kallsyms"),
                        .vmlinux = options.get<std::string>("vmlinux"),
                        .sysroot = options.get<std::string>("sysroot")};
  while (sources.sysroot.ends_with('/')) sources.sysroot.pop_back();
  return sources;
}

}  // namespace profiler::cli
