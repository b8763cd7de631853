// The options of `record`, `time` and `syscalls` that say how system calls are counted.
//
//   add_counting_options(line);                                            // --syscalls, --by
//   Result<std::optional<Counting>> counting = counting_options(*parsed);  // none: not asked for
#pragma once

#include <array>
#include <optional>

#include "cli/choice.h"
#include "cli/command_line.h"
#include "cli/run_recording.h"
#include "profiler/error.h"
#include "profiler/syscall_account.h"

namespace profiler::cli {

/// --by
inline constexpr std::array<Choice<SyscallGrouping>, 4> kSyscallGroupings = {
    {{"call", SyscallGrouping::kNone},
     {"thread", SyscallGrouping::kThread},
     {"process", SyscallGrouping::kProcess},
     {"cgroup", SyscallGrouping::kCgroup}}};

/// For a recording that may count as well.
void add_counting_options(CommandLine& line);
[[nodiscard]] Result<std::optional<Counting>> counting_options(const ParsedOptions& parsed);

}  // namespace profiler::cli
