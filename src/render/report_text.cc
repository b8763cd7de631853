#include "render/report_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "render/amount.h"
#include "render/printable.h"
#include "render/run_text.h"
#include "render/text_table.h"

namespace profiler::render {
namespace {

using view::TableRow;

/// From here on both self and total are split by mode.
constexpr std::size_t kWide = 110;
constexpr std::size_t kBothShares = 96;

std::string row_name(const TableRow& row, RowsOf rows) {
  switch (rows) {
    case RowsOf::kProcesses:
      return row.pid ? fmt::format("{} [{}]", row.label, *row.pid)
                     : fmt::format("{} ({} processes)", row.label, grouped(row.processes));
    case RowsOf::kThreads:
      return fmt::format("{} [{}]", row.label, row.tid.value_or(0));
    default:
      return row.label;
  }
}

std::string row_place(const TableRow& row, RowsOf rows) {
  switch (rows) {
    case RowsOf::kModules:
      return row.path == row.label ? "" : row.path;
    case RowsOf::kProcesses:
      return {};
    case RowsOf::kThreads:
      return fmt::format("{} [{}]", row.process, row.pid.value_or(0));
    default:
      return place_text(row.module, row.file, row.line);
  }
}

std::string_view name_title(RowsOf rows) {
  switch (rows) {
    case RowsOf::kFunctions:
      return "function";
    case RowsOf::kModules:
      return "module";
    case RowsOf::kProcesses:
      return "process";
    case RowsOf::kThreads:
      return "thread";
    case RowsOf::kLines:
      return "function";
  }
  return "";
}

std::string_view place_title(RowsOf rows) {
  switch (rows) {
    case RowsOf::kModules:
      return "path";
    case RowsOf::kThreads:
      return "process";
    case RowsOf::kLines:
      return "line";
    default:
      return "";
  }
}

std::string more_text(std::size_t hidden) {
  return fmt::format("… {} more; --limit 0 shows all", grouped(hidden));
}

}  // namespace

std::string head_text(const ReportHead& head, const TextStyle& style) {
  const Run& run = head.profile->run;
  const AmountFormat format(*head.event, head.sampled);
  const std::string status = status_text(run);
  const std::size_t taken = status.empty() ? 0 : status.size() + 2;
  TextLine line(style);
  line.add(command_text(run, style.width > taken ? style.width - taken : 0), Colour::kTitle);
  if (!status.empty()) {
    line.pad_to(style.width - std::min(style.width, status.size()));
    line.add(status, run.exit_status.value_or(0) == 0 ? Colour::kFaint : Colour::kWarning);
  }
  std::string text = line.take();

  Facts facts = event_facts(run, *head.event, head.quality);
  facts.push_back({fmt::format("{}: user {}, sys {}", format.amount_with_unit(head.sampled.all()),
                               format.amount(head.sampled.user), format.amount(head.sampled.sys))});
  text += facts_text(facts, style);
  text += facts_text(stack_facts(run, head.quality, format.few_samples()), style);
  text += facts_text(other_event_facts(head.events, *head.event), style);
  if (!head.selection.empty()) text += wrapped(head.selection, "only: ", style, Colour::kTitle);
  for (const std::string& note : notes_text(run, *head.event, head.quality))
    text += wrapped(note, "! ", style, Colour::kWarning);
  return text + '\n';
}

std::string table_text(const ReportHead& head, const view::Table& table,
                       const TableTextOptions& options, const TextStyle& style) {
  std::string text = head_text(head, style);
  if (table.empty()) return text;
  const AmountFormat format(*head.event, head.sampled);
  // A process or thread is not inside another: its self says nothing that its total does not.
  const bool has_self = options.rows != RowsOf::kProcesses && options.rows != RowsOf::kThreads;
  const bool split = !options.sys_only;
  const bool split_self = split && style.width >= kWide;
  const std::string share_title(format.share_title());

  TextTable out(style);
  const bool self_first = has_self && options.self_first;
  // In a narrow table names need the room more than the second column of shares.
  const bool both_shares = style.width >= kBothShares;
  const auto add_columns = [&](std::string title, bool with_split, bool with_share) {
    out.column(std::move(title), Align::kRight);
    if (with_split) {
      out.column("user", Align::kRight);
      out.column("sys", Align::kRight);
    }
    if (with_share) out.column(share_title, Align::kRight);
  };
  const bool total_share = both_shares || !self_first;
  const bool self_share = both_shares || self_first;
  const auto total_columns = [&] {
    add_columns(options.sys_only ? "sys" : "total", split, total_share);
  };
  if (!self_first) total_columns();
  if (has_self) add_columns(options.sys_only ? "self sys" : "self", split_self, self_share);
  if (self_first) total_columns();
  // By line, the line is what the row is about: it stands first.
  const bool by_line = options.rows == RowsOf::kLines;
  if (by_line) out.column(std::string(place_title(options.rows)), Align::kPath, 16);
  out.column(std::string(name_title(options.rows)), Align::kName, 20);
  if (!by_line) out.column(std::string(place_title(options.rows)), Align::kPath, 12);

  const std::size_t shown =
      options.limit == 0 ? table.size() : std::min(options.limit, table.size());
  for (std::size_t i = 0; i < shown; ++i) {
    const TableRow& row = table[i];
    std::vector<Cell> cells;
    const auto add = [&](const view::Weight& weight, bool with_split, bool with_share) {
      const auto cell = [](std::string number, std::uint64_t value, Colour colour) {
        return Cell{std::move(number), value == 0 ? Colour::kFaint : colour};
      };
      const std::uint64_t all = weight.all();
      cells.push_back(cell(format.amount(all), all, Colour::kPlain));
      if (with_split) {
        cells.push_back(cell(format.amount(weight.user), weight.user, Colour::kUser));
        cells.push_back(cell(format.amount(weight.sys), weight.sys, Colour::kSys));
      }
      if (with_share) cells.push_back(cell(format.share(all, weight.samples), all, Colour::kPlain));
    };
    if (!self_first) add(row.charge.total, split, total_share);
    if (has_self) add(row.charge.self, split_self, self_share);
    if (self_first) add(row.charge.total, split, total_share);
    Cell name{row_name(row, options.rows), row.kernel ? Colour::kSys : Colour::kName};
    name.mark = inline_mark(row.inlined);
    if (row.functions > 1) name.mark += fmt::format(" +{}", grouped(row.functions - 1));
    Cell place{row_place(row, options.rows), Colour::kFaint};
    if (by_line) std::swap(name, place);
    cells.push_back(std::move(name));
    cells.push_back(std::move(place));
    out.row(std::move(cells));
  }
  text += out.text();
  if (shown < table.size())
    text += TextLine(style).add(more_text(table.size() - shown), Colour::kFaint).take();
  return text;
}

std::string causes_text(const ReportHead& head, std::size_t limit, const TextStyle& style) {
  std::string text = head_text(head, style);
  if (head.causes.empty()) return text + TextLine(style).add("no kernel time was sampled").take();
  view::Weight whole;
  for (const view::CauseRow& row : head.causes) whole += row.weight;
  const AmountFormat format(*head.event, whole);
  constexpr std::size_t kCallers = 5;

  TextTable out(style);
  out.column("sys", Align::kRight);
  out.column(std::string(format.share_title()), Align::kRight);
  out.column("", Align::kBar, style.width < 96 ? 0 : 10);
  out.column("cause, and the user code behind it", Align::kName, 20);
  out.column("", Align::kPath, 12);
  const std::size_t shown = limit == 0 ? head.causes.size() : std::min(limit, head.causes.size());
  for (std::size_t i = 0; i < shown; ++i) {
    const view::CauseRow& row = head.causes[i];
    out.row({{format.amount(row.weight.sys), Colour::kSys},
             {format.share(row.weight.sys, row.weight.samples)},
             {.text = "", .colour = Colour::kSys, .fraction = format.fraction(row.weight.sys)},
             {cause_text(row), Colour::kSys},
             {}});
    std::uint64_t rest = 0;
    std::uint64_t rest_samples = 0;
    for (std::size_t c = 0; c < row.callers.size(); ++c) {
      const view::CauseCaller& caller = row.callers[c];
      if (c >= kCallers) {
        rest += caller.sys;
        rest_samples += caller.samples;
        continue;
      }
      out.row({{format.amount(caller.sys)},
               {format.share(caller.sys, caller.samples)},
               {},
               {.text = caller.function.empty() ? "(no user code)" : caller.function,
                .colour = Colour::kName,
                .tree_lines = "  ",
                .mark = inline_mark(caller.inlined)},
               {place_text(caller.module, caller.file, caller.line), Colour::kFaint}});
    }
    if (rest_samples != 0) {
      out.row({{format.amount(rest)},
               {format.share(rest, rest_samples)},
               {},
               {.text = fmt::format("… {} more callers", grouped(row.callers.size() - kCallers)),
                .colour = Colour::kFaint,
                .tree_lines = "  "},
               {}});
    }
  }
  text += out.text();
  if (shown < head.causes.size())
    text += TextLine(style).add(more_text(head.causes.size() - shown), Colour::kFaint).take();
  return text;
}

}  // namespace profiler::render
