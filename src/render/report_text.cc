#include "render/report_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "render/amount.h"
#include "render/first_rows.h"
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

}  // namespace

std::string more_text(std::size_t hidden, const TextStyle& style) {
  if (hidden == 0) return {};
  const std::string text = fmt::format("… {} more; --limit 0 shows all", grouped(hidden));
  return TextLine(style).add(text, Colour::kFaint).take();
}

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

  if (!head.waits_only) {
    Facts facts = event_facts(run, *head.event, head.quality);
    facts.push_back(
        {fmt::format("{}: user {}, sys {}", format.amount_with_unit(head.sampled.all()),
                     format.amount(head.sampled.user), format.amount(head.sampled.sys))});
    text += facts_text(facts, style);
    text += facts_text(stack_facts(run, head.quality, format.few_samples()), style);
    text += facts_text(other_event_facts(head.events, *head.event), style);
  }
  if (head.has_waits) {
    Facts facts = wait_facts(*head.profile, head.waited, !head.selection.empty());
    facts.push_back(
        {AmountFormat::of_waits(head.sampled).amount_with_unit(head.sampled.wait) + " waited"});
    text += facts_text(facts, style);
  }
  if (!head.selection.empty()) text += wrapped(head.selection, "only: ", style, Colour::kTitle);
  if (head.waits_only) return text + '\n';
  for (const std::string& note : notes_text(run, *head.event, head.quality, head.selection))
    text += wrapped(note, "! ", style, Colour::kWarning);
  return text + '\n';
}

namespace {

/// The columns of one weight, total or self: what they are called, and what stands in them.
class WeightColumns {
 public:
  enum Field : std::uint8_t { kAll, kUser, kSys, kWait, kShare, kWaitShare };

  WeightColumns(const AmountFormat& format, const AmountFormat& waits)
      : format_(format), waits_(waits) {}
  WeightColumns& add(std::string title, Field field) {
    fields_.emplace_back(std::move(title), field);
    return *this;
  }
  void titles(TextTable& table) const {
    for (const auto& [title, field] : fields_) table.column(title, Align::kRight);
  }
  void cells(const view::Weight& weight, std::vector<Cell>& cells) const {
    for (const auto& [title, field] : fields_) cells.push_back(cell(weight, field));
  }

 private:
  [[nodiscard]] Cell cell(const view::Weight& weight, Field field) const {
    const auto coloured = [](std::string number, std::uint64_t value, Colour colour) {
      return Cell{std::move(number), value == 0 ? Colour::kFaint : colour};
    };
    switch (field) {
      case kAll:
        return coloured(format_.amount(weight.all()), weight.all(), Colour::kPlain);
      case kUser:
        return coloured(format_.amount(weight.user), weight.user, Colour::kUser);
      case kSys:
        return coloured(format_.amount(weight.sys), weight.sys, Colour::kSys);
      case kWait:
        return coloured(waits_.amount(weight.wait), weight.wait, Colour::kWait);
      case kShare:
        return coloured(format_.share(weight.all(), weight.samples), weight.all(), Colour::kPlain);
      case kWaitShare:
        return coloured(waits_.share(weight.wait, 0), weight.wait, Colour::kPlain);
    }
    return {};
  }

  const AmountFormat& format_;
  const AmountFormat& waits_;
  std::vector<std::pair<std::string, Field>> fields_;
};

}  // namespace

std::string table_text(const ReportHead& head, const view::Table& table,
                       const TableTextOptions& options, const TextStyle& style) {
  using enum WeightColumns::Field;
  std::string text = head_text(head, style);
  if (table.empty()) return text;
  const AmountFormat format(*head.event, head.sampled);
  const AmountFormat waits = AmountFormat::of_waits(head.sampled);
  // A process or thread is not inside another: its self says nothing that its total does not.
  const bool has_self = options.rows != RowsOf::kProcesses && options.rows != RowsOf::kThreads;
  const bool wide = style.width >= kWide;
  const std::string share_title(format.share_title());
  const bool self_first = has_self && options.self_first;
  // In a narrow table names need the room more than the second column of shares.
  const bool both_shares = style.width >= kBothShares;
  const bool total_share = both_shares || !self_first;
  const bool self_share = both_shares || self_first;

  WeightColumns total(format, waits);
  WeightColumns self(format, waits);
  const bool wait_first = head.has_waits && (options.wait_first || head.waits_only);
  if (wait_first) {
    total.add("wait", kWait).add("share", kWaitShare);
    self.add("self wait", kWait);
  }
  if (!head.waits_only) {
    total.add(options.sys_only ? "sys" : "total", kAll);
    self.add(options.sys_only ? "self sys" : "self", kAll);
    if (!options.sys_only) {
      total.add("user", kUser).add("sys", kSys);
      if (head.has_waits && !wait_first) total.add("wait", kWait);
      if (wide) self.add("user", kUser).add("sys", kSys);
      if (wide && head.has_waits && !wait_first) self.add("wait", kWait);
    }
    if (total_share && !wait_first) total.add(share_title, kShare);
    if (self_share && !wait_first) self.add(share_title, kShare);
  }

  TextTable out(style);
  if (!self_first) total.titles(out);
  if (has_self) self.titles(out);
  if (self_first) total.titles(out);
  // By line, the line is what the row is about: it stands first.
  const bool by_line = options.rows == RowsOf::kLines;
  if (by_line) out.column(std::string(place_title(options.rows)), Align::kPath, 16);
  out.column(std::string(name_title(options.rows)), Align::kName, 20);
  if (!by_line) out.column(std::string(place_title(options.rows)), Align::kPath, 12);

  const auto shown = first_rows(table, options.limit);
  for (const TableRow& row : shown) {
    std::vector<Cell> cells;
    if (!self_first) total.cells(row.charge.total, cells);
    if (has_self) self.cells(row.charge.self, cells);
    if (self_first) total.cells(row.charge.total, cells);
    Cell name{row_name(row, options.rows), row.kernel ? Colour::kSys : Colour::kName};
    name.mark = inline_mark(row.inlined);
    if (row.functions > 1) name.mark += fmt::format(" +{}", grouped(row.functions - 1));
    Cell place{row_place(row, options.rows), Colour::kFaint};
    if (by_line) std::swap(name, place);
    cells.push_back(std::move(name));
    cells.push_back(std::move(place));
    out.row(std::move(cells));
  }
  return text + out.text() + more_text(table.size() - shown.size(), style);
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
  const auto shown = first_rows(head.causes, limit);
  for (const view::CauseRow& row : shown) {
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
  return text + out.text() + more_text(head.causes.size() - shown.size(), style);
}

}  // namespace profiler::render
