// What a thread, process or control group is called, for rows that are told apart by it.
//
//   group_name(SyscallGrouping::kProcess, 4711, "");        // "nginx (4711)"
#pragma once

#include <cstdint>
#include <string>

#include "profiler/syscall_account.h"

namespace profiler::syscalls {

/// What /proc calls a thread or process that is there; "" if it is gone.
[[nodiscard]] std::string comm_of(std::int64_t id);

/// `ended`: the name of one that is there no longer; "" if it is there, or not known.
[[nodiscard]] std::string group_name(SyscallGrouping grouping, std::int64_t id,
                                     const std::string& ended);

}  // namespace profiler::syscalls
