#include "render/report_csv.h"

#include <initializer_list>
#include <ranges>
#include <string_view>
#include <utility>
#include <vector>

#include "render/csv_writer.h"
#include "render/first_rows.h"
#include "view/module_name.h"

namespace profiler::render {
namespace {

void schedule_titles(CsvWriter& csv) {
  csv.titles({"lifetime_s", "on_cpu_s", "user_s", "sys_s", "blocked_s", "runnable_s", "unknown_s",
              "voluntary_switches", "preempted_switches", "migrations", "delay_mean_s",
              "delay_p99_s", "delay_max_s"});
}

void schedule(CsvWriter& csv, const std::optional<view::ThreadTimes>& times) {
  if (!times) {
    constexpr int kFields = 13;
    for (int i = 0; i < kFields; ++i) csv.field("");
    return;
  }
  csv.optional_seconds(times->lifetime_ns).optional_seconds(times->on_cpu_ns);
  csv.optional_seconds(times->user_ns).optional_seconds(times->sys_ns);
  csv.optional_seconds(times->blocked_ns).optional_seconds(times->runnable_ns);
  csv.optional_seconds(times->unknown_ns);
  csv.number(times->voluntary).number(times->preempted).number(times->migrations);
  csv.optional_seconds(times->mean_delay_ns).optional_seconds(times->p99_delay_ns);
  csv.optional_seconds(times->longest_delay_ns);
}

}  // namespace

std::string table_csv(const ReportHead& head, const view::Table& table, RowsOf rows) {
  CsvWriter csv(head.event->is_time());
  switch (rows) {
    case RowsOf::kFunctions:
      csv.titles({"name", "module", "file", "line", "kernel"});
      break;
    case RowsOf::kModules:
      csv.titles({"name", "path", "kernel"});
      break;
    case RowsOf::kProcesses:
      csv.titles({"name", "pid", "processes"});
      break;
    case RowsOf::kThreads:
      csv.titles({"name", "tid", "process", "pid"});
      break;
    case RowsOf::kLines:
      csv.titles({"file", "line", "function", "module", "kernel"});
      break;
  }
  csv.charge_titles();
  // Last, so that the columns before it keep their places.
  const bool has_functions = rows == RowsOf::kFunctions || rows == RowsOf::kLines;
  if (has_functions) csv.field("inlined");
  csv.wait_charge_titles();
  if (rows == RowsOf::kThreads) schedule_titles(csv);
  csv.end_line();
  for (const view::TableRow& row : table) {
    switch (rows) {
      case RowsOf::kFunctions:
        csv.field(row.label).field(row.module).field(row.file).line_number(row.line);
        csv.flag(row.kernel);
        break;
      case RowsOf::kModules:
        csv.field(row.label).field(row.path).flag(row.kernel);
        break;
      case RowsOf::kProcesses:
        csv.field(row.label).id(row.pid).number(row.processes);
        break;
      case RowsOf::kThreads:
        csv.field(row.label).id(row.tid).field(row.process).id(row.pid);
        break;
      case RowsOf::kLines:
        csv.field(row.file).line_number(row.line).field(row.label).field(row.module);
        csv.flag(row.kernel);
        break;
    }
    csv.charge(row.charge);
    if (has_functions) csv.flag(row.inlined);
    csv.wait_charge(row.charge, head.has_waits);
    if (rows == RowsOf::kThreads) schedule(csv, row.times);
    csv.end_line();
  }
  return csv.take();
}

std::string causes_csv(const ReportHead& head, std::size_t limit) {
  CsvWriter csv(head.event->is_time());
  csv.titles({"kind", "name", "entry_kind", "entry", "function", "module", "file", "line"});
  csv.field("sys" + csv.suffix()).field("samples").field("inlined").end_line();
  for (const view::CauseRow& row : first_rows(head.causes, limit)) {
    for (const view::CauseCaller& caller : row.callers) {
      csv.field(name(row.kind)).field(row.name).field(name(row.entry_kind)).field(row.entry_name);
      csv.field(caller.function).field(caller.module).field(caller.file).line_number(caller.line);
      csv.amount(caller.sys).number(caller.samples).flag(caller.inlined).end_line();
    }
  }
  return csv.take();
}

std::string waits_csv(const ReportHead& head, std::size_t limit) {
  CsvWriter csv(true);
  csv.titles({"class", "function", "module", "file", "line", "wait_s", "count", "inlined"});
  csv.end_line();
  for (const view::WaitRow& row : first_rows(head.waits, limit)) {
    for (const view::WaitCaller& caller : row.callers) {
      csv.field(name(row.wait)).field(caller.function).field(caller.module).field(caller.file);
      csv.line_number(caller.line).amount(caller.wait).number(caller.waits);
      csv.flag(caller.inlined).end_line();
    }
  }
  return csv.take();
}

std::string tree_csv(const ReportHead& head, const view::CallTree& tree) {
  CsvWriter csv(head.event->is_time());
  csv.titles({"depth", "name", "module"});
  csv.charge_titles().field("inlined").wait_charge_titles().end_line();
  struct Place {
    std::uint32_t node;
    std::size_t depth;
  };
  std::vector<Place> pending = {{.node = 0, .depth = 0}};
  while (!pending.empty()) {
    const Place place = pending.back();
    pending.pop_back();
    const view::TreeNode& node = tree.nodes[place.node];
    const bool is_root = place.node == 0;
    const FunctionIndex function = node.entry.function;
    csv.number(place.depth);
    csv.field(is_root ? "all" : view::label(*head.profile, node.entry));
    csv.field(!is_root && function
                  ? view::module_name(*head.profile, head.profile->functions[function].module)
                  : "");
    csv.charge({.self = node.self, .total = node.total});
    csv.flag(!is_root && node.entry.inlined);
    csv.wait_charge({.self = node.self, .total = node.total}, head.has_waits).end_line();
    for (const std::uint32_t child : std::ranges::reverse_view(node.children))
      pending.push_back({.node = child, .depth = place.depth + 1});
  }
  return csv.take();
}

}  // namespace profiler::render
