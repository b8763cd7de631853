#include "render/syscalls_csv.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "render/csv_writer.h"
#include "render/first_rows.h"

namespace profiler::render {
namespace {

void add_time(CsvWriter& csv, const std::optional<double>& ns) {
  if (ns) {
    csv.amount(static_cast<std::uint64_t>(std::llround(std::min(*ns, 0x1p62))));
  } else {
    csv.field("");
  }
}

}  // namespace

std::string syscalls_csv(const SyscallsReport& report, std::size_t limit) {
  CsvWriter csv(true);
  csv.titles({"name",     "number",     "group",        "group_id", "calls", "errors",
              "restarts", "unfinished", "begun_before", "wall_s",   "cpu_s", "min_s",
              "max_s",    "mean_s",     "stddev_s",     "p50_s",    "p99_s", "errno",
              "function", "module",     "file",         "line"});
  csv.end_line();
  for (const view::SyscallTableRow& row : first_rows(report.table.rows, limit)) {
    csv.field(view::syscall_label(row)).field(std::to_string(row.number)).field(row.group);
    csv.field(report.by == SyscallGrouping::kNone ? "" : std::to_string(row.group_id));
    csv.number(row.calls).number(row.errors).number(row.restarts).number(row.unfinished);
    csv.number(row.begun_before).amount(row.wall_ns).amount(row.cpu_ns);
    const bool ended = row.durations.total() != 0;
    const auto of_ended = [&](double ns) { return ended ? std::optional(ns) : std::nullopt; };
    add_time(csv, of_ended(static_cast<double>(row.min_ns)));
    add_time(csv, of_ended(static_cast<double>(row.max_ns)));
    add_time(csv, of_ended(row.mean_ns));
    add_time(csv, of_ended(row.stddev_ns));
    add_time(csv, row.p50_ns);
    add_time(csv, row.p99_ns);
    std::string errors;
    for (const view::SyscallErrno& error : row.errnos) {
      if (!errors.empty()) errors += ' ';
      errors += errno_name(error.number) + '=' + std::to_string(error.count);
    }
    csv.field(errors);
    const view::SyscallCaller caller =
        row.callers.empty() ? view::SyscallCaller{} : row.callers.front();
    csv.field(caller.function).field(caller.module).field(caller.file).line_number(caller.line);
    csv.end_line();
  }
  return csv.take();
}

}  // namespace profiler::render
