// Counted system calls for people: the table, where sys went by entry, errors, histograms, callers.
//
//   std::string text = syscalls_text(report, {.errors = true, .limit = 20}, style);
//
//     cpu   share             wall      calls  errors     mean      p99  call       first caller
//   2.100  70.9 %  ███████   2.311  1,000,000       0  2.31 µs  5.12 µs  read       copy  copy.c:12
#pragma once

#include <cstddef>
#include <string>

#include "render/syscalls.h"
#include "render/text_line.h"

namespace profiler::render {

struct SyscallsTextOptions {
  bool errors = false;     ///< Errors by name.
  bool histogram = false;  ///< Of how long calls took.
  bool callers = false;    ///< Lines and whole stacks behind each call.
  std::size_t limit = 40;  ///< Rows of the table, and calls shown in detail; 0: all.
  double min_share = 1;    ///< Percent of a call's wall time below which stacks are left out.
};

[[nodiscard]] std::string syscalls_text(const SyscallsReport& report,
                                        const SyscallsTextOptions& options, const TextStyle& style);

/// Its parts that the overview of `profiler time` has too. Rows are indented by two.
[[nodiscard]] std::string syscall_table_text(const SyscallsReport& report, std::size_t limit,
                                             const TextStyle& style);
[[nodiscard]] std::string sys_ledger_text(const SyscallsReport& report, const TextStyle& style);
/// A line or more for each piece of advice; "" for none.
[[nodiscard]] std::string all_advice_text(const std::vector<view::Advice>& advice,
                                          const TextStyle& style);
/// How many calls, how they were counted, what was lost.
[[nodiscard]] std::string syscall_facts_text(const SyscallsReport& report, const TextStyle& style);

}  // namespace profiler::render
