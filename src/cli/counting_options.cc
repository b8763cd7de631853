#include "cli/counting_options.h"

#include <string>

namespace profiler::cli {

void add_counting_options(CommandLine& line) {
  line.basic().add_options()("syscalls", po::bool_switch(),
                             "count system calls too, with their times and callers");
  line.advanced().add_options()("by", po::value<std::string>()->value_name("WHAT"),
                                "count them by thread, process or cgroup too, for syscalls -i");
}

Result<std::optional<Counting>> counting_options(const ParsedOptions& parsed) {
  Counting counting{.settings = {.callers = true}};
  if (parsed.has("by")) {
    const auto by = choose("--by", parsed.get<std::string>("by"), kSyscallGroupings);
    if (!by) return std::unexpected(by.error());
    if (!parsed.flag("syscalls"))
      return std::unexpected(Error{.what = "--by is for --syscalls", .advice = "give both"});
    counting.settings.grouping = *by;
  }
  return parsed.flag("syscalls") ? std::optional(counting) : std::nullopt;
}

}  // namespace profiler::cli
