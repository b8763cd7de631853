// Counted system calls as CSV: a line for each row of the table, with its heaviest caller.
//
//   out = syscalls_csv(report, 0);
//
// Empty fields: not measured, or no call ended.
#pragma once

#include <cstddef>
#include <string>

#include "render/syscalls.h"

namespace profiler::render {

/// `limit`: rows; 0: all.
[[nodiscard]] std::string syscalls_csv(const SyscallsReport& report, std::size_t limit);

}  // namespace profiler::render
