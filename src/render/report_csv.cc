#include "render/report_csv.h"

#include <algorithm>
#include <initializer_list>
#include <ranges>
#include <string_view>
#include <utility>
#include <vector>

#include "render/amount.h"
#include "render/printable.h"
#include "view/module_name.h"

namespace profiler::render {
namespace {

class CsvWriter {
 public:
  explicit CsvWriter(bool is_time) : is_time_(is_time) {}

  CsvWriter& field(std::string_view raw) {
    separate();
    // It may well be a terminal that it goes to.
    const std::string text = printable(raw);
    const bool quote = text.find_first_of(",\"") != std::string::npos;
    if (quote) text_ += '"';
    for (const char c : text) {
      if (c == '"') text_ += '"';
      text_ += c;
    }
    if (quote) text_ += '"';
    return *this;
  }
  CsvWriter& number(std::uint64_t value) { return field(std::to_string(value)); }
  /// Empty for 0.
  CsvWriter& line_number(std::uint32_t line) {
    return field(line == 0 ? "" : std::to_string(line));
  }
  template <class Id>
  CsvWriter& id(const Id& id) {
    return field(id ? std::to_string(*id) : "");
  }
  CsvWriter& flag(bool value) { return field(value ? "1" : "0"); }
  CsvWriter& amount(std::uint64_t weight) {
    return field(is_time_ ? exact_seconds(weight) : std::to_string(weight));
  }
  CsvWriter& charge(const view::Charge& charge) {
    amount(charge.self.user).amount(charge.self.sys).number(charge.self.samples);
    return amount(charge.total.user).amount(charge.total.sys).number(charge.total.samples);
  }
  CsvWriter& charge_titles() {
    for (const char* of : {"self", "total"}) {
      field(std::string(of) + "_user" + suffix()).field(std::string(of) + "_sys" + suffix());
      field(std::string(of) + "_samples");
    }
    return *this;
  }
  [[nodiscard]] std::string suffix() const { return is_time_ ? "_s" : "_value"; }
  void end_line() {
    text_ += "\r\n";
    first_ = true;
  }
  std::string take() { return std::move(text_); }

 private:
  void separate() {
    if (!first_) text_ += ',';
    first_ = false;
  }

  bool is_time_;
  bool first_ = true;
  std::string text_;
};

void titles(CsvWriter& csv, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) csv.field(name);
}

}  // namespace

std::string table_csv(const ReportHead& head, const view::Table& table, RowsOf rows) {
  CsvWriter csv(head.event->is_time());
  switch (rows) {
    case RowsOf::kFunctions:
      titles(csv, {"name", "module", "file", "line", "kernel"});
      break;
    case RowsOf::kModules:
      titles(csv, {"name", "path", "kernel"});
      break;
    case RowsOf::kProcesses:
      titles(csv, {"name", "pid", "processes"});
      break;
    case RowsOf::kThreads:
      titles(csv, {"name", "tid", "process", "pid"});
      break;
    case RowsOf::kLines:
      titles(csv, {"file", "line", "function", "module", "kernel"});
      break;
  }
  csv.charge_titles();
  // Last, so that the columns before it keep their places.
  const bool has_functions = rows == RowsOf::kFunctions || rows == RowsOf::kLines;
  if (has_functions) csv.field("inlined");
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
    csv.end_line();
  }
  return csv.take();
}

std::string causes_csv(const ReportHead& head, std::size_t limit) {
  CsvWriter csv(head.event->is_time());
  titles(csv, {"kind", "name", "entry_kind", "entry", "function", "module", "file", "line"});
  csv.field("sys" + csv.suffix()).field("samples").field("inlined").end_line();
  const std::size_t count = limit == 0 ? head.causes.size() : std::min(limit, head.causes.size());
  for (std::size_t i = 0; i < count; ++i) {
    const view::CauseRow& row = head.causes[i];
    for (const view::CauseCaller& caller : row.callers) {
      csv.field(name(row.kind)).field(row.name).field(name(row.entry_kind)).field(row.entry_name);
      csv.field(caller.function).field(caller.module).field(caller.file).line_number(caller.line);
      csv.amount(caller.sys).number(caller.samples).flag(caller.inlined).end_line();
    }
  }
  return csv.take();
}

std::string tree_csv(const ReportHead& head, const view::CallTree& tree) {
  CsvWriter csv(head.event->is_time());
  titles(csv, {"depth", "name", "module"});
  csv.charge_titles().field("inlined").end_line();
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
    csv.flag(!is_root && node.entry.inlined).end_line();
    for (const std::uint32_t child : std::ranges::reverse_view(node.children))
      pending.push_back({.node = child, .depth = place.depth + 1});
  }
  return csv.take();
}

}  // namespace profiler::render
