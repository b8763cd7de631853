// Counted system calls for programs: schema profiler.syscalls/1, which
// tests/golden/profiler.syscalls-1.schema.json describes.
//
//   out = syscalls_json(report, {.limit = 20});
//
// Times in seconds; null where something was not measured, or where no call ended.
#pragma once

#include <cstddef>
#include <string>

#include "render/syscalls.h"

namespace profiler::render {

struct SyscallsJsonOptions {
  bool histogram = false;  ///< Of each call: where its buckets begin, and their counts.
  std::size_t limit = 0;   ///< Rows; 0: all.
};

[[nodiscard]] std::string syscalls_json(const SyscallsReport& report,
                                        const SyscallsJsonOptions& options);

}  // namespace profiler::render
