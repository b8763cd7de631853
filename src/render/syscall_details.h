// What syscalls_text.h shows of each call where it is asked for: errors by name, how long calls
// took, and the user code that made them. Used inside src/render only.
//
//   out += syscall_errors_text(report, report.table.rows, style);
#pragma once

#include <span>
#include <string>

#include "render/syscalls.h"
#include "render/text_line.h"

namespace profiler::render {

[[nodiscard]] std::string syscall_errors_text(const SyscallsReport& report,
                                              std::span<const view::SyscallTableRow> rows,
                                              const TextStyle& style);
/// By powers of two, each with a bar.
[[nodiscard]] std::string syscall_histograms_text(const SyscallsReport& report,
                                                  std::span<const view::SyscallTableRow> rows,
                                                  const TextStyle& style);
/// The lines that called, then the stacks above them. `min_share`: percent of a call's wall time.
[[nodiscard]] std::string syscall_callers_text(const SyscallsReport& report,
                                               std::span<const view::SyscallTableRow> rows,
                                               double min_share, const TextStyle& style);

}  // namespace profiler::render
