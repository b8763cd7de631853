#include "render/diff_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "render/amount.h"
#include "render/change_text.h"
#include "render/diff_head.h"
#include "render/report_text.h"
#include "render/run_text.h"
#include "render/text_table.h"

namespace profiler::render {
namespace {

using view::Change;
using view::DiffCause;
using view::DiffKey;
using view::DiffRow;
using view::Weight;

/// From here on the change of the other of self and total stands beside, and that of waits, …
constexpr std::size_t kBothChanges = 96;
/// … and from here on those of user and sys.
constexpr std::size_t kWide = 120;

/// The numbers of a row: what is compared first.
class DiffColumns {
 public:
  DiffColumns(const DiffReport& report, const DiffTextOptions& options, const TextStyle& style)
      : report_(report),
        totals_(report.diff->totals),
        format_(*report.after.event, larger(totals_.before, totals_.after)),
        waits_(AmountFormat::of_waits(larger(totals_.before, totals_.after))),
        few_(std::min(totals_.before.samples, totals_.after.samples) < kFewSamples),
        in_points_(!few_ && totals_.normalize == view::Normalize::kCpuTime),
        self_first_(options.key == DiffKey::kSelf) {
    const bool is_flat = report.rows == RowsOf::kProcesses || report.rows == RowsOf::kThreads;
    const bool wide = style.width >= kWide;
    cpu_ = !report.waits_only;
    amounts_ = cpu_ && report.same_event();
    other_ = cpu_ && !is_flat && style.width >= kBothChanges;
    user_ = cpu_ && (wide || options.key == DiffKey::kUser);
    sys_ = cpu_ && (wide || options.key == DiffKey::kSys);
    // Where waits changed they are shown, however narrow the page is.
    const bool changed = std::ranges::any_of(report.diff->rows, [](const DiffRow& row) {
      return row.self.wait.significant || row.total.wait.significant;
    });
    wait_ = totals_.waits &&
            (!cpu_ || changed || style.width >= kBothChanges || options.key == DiffKey::kWait);
  }

  void titles(TextTable& table, bool causes) const {
    const auto right = [&](std::string title) { table.column(std::move(title), Align::kRight); };
    const std::string what = causes ? "sys" : self_first_ ? "self" : "total";
    if (cpu_) {
      if (amounts_) {
        right(what);
        right("→ new");
      }
      right(few_ ? "samples" : "share");
      right("→ new");
      right(in_points_ ? "points" : "change");
      right("±");
    }
    if (other_) right(causes ? "" : self_first_ ? "total" : "self");
    if (user_) right(causes ? "" : "user");
    if (sys_) right(causes ? "" : "sys");
    if (!wait_ || causes) {
      if (wait_) right("");
      return;
    }
    if (!cpu_) {
      right("wait");
      right("→ new");
    }
    right(cpu_ ? "wait" : "change");
    right("±");
  }

  [[nodiscard]] std::vector<Cell> cells(const DiffRow& row) const {
    const Weight& before = self_first_ ? row.before.self : row.before.total;
    const Weight& after = self_first_ ? row.after().self : row.after().total;
    const view::WeightChange& change = self_first_ ? row.self : row.total;
    const view::WeightChange& other = self_first_ ? row.total : row.self;
    std::vector<Cell> cells;
    if (cpu_) add_main(before, after, change.cpu, cells);
    if (other_) cells.push_back({amount(other.cpu.delta), change_colour(other.cpu)});
    const bool faint = !change.cpu.significant;
    if (user_)
      cells.push_back(part(before.user, after.user, faint ? Colour::kFaint : Colour::kUser));
    if (sys_) cells.push_back(part(before.sys, after.sys, faint ? Colour::kFaint : Colour::kSys));
    if (!wait_) return cells;
    if (!cpu_) {
      cells.push_back({waits_.amount(before.wait)});
      cells.push_back({waits_.amount(after.wait)});
    }
    cells.push_back({signed_amount(waits_, change.wait.delta), change_colour(change.wait)});
    cells.push_back({signless(waits_, change.wait.noise), Colour::kFaint});
    return cells;
  }

  [[nodiscard]] std::vector<Cell> cells(const DiffCause& row) const {
    std::vector<Cell> cells;
    add_main(row.before, row.what.weight, row.sys, cells);
    for (const bool there : {other_, user_, sys_, wait_})
      if (there) cells.emplace_back();
    return cells;
  }

 private:
  static Weight larger(const Weight& a, const Weight& b) {
    Weight both = a.all() > b.all() ? a : b;
    both.wait = std::max(a.wait, b.wait);
    both.samples = std::min(a.samples, b.samples);
    return both;
  }

  static std::string signless(const AmountFormat& format, double value) {
    return format.amount(static_cast<std::uint64_t>(std::llround(value)));
  }

  void add_main(const Weight& before, const Weight& after, const Change& change,
                std::vector<Cell>& cells) const {
    if (amounts_) {
      cells.push_back({format_.amount(before.all())});
      cells.push_back({format_.amount(after.all())});
    }
    cells.push_back({share(before, totals_.before), Colour::kFaint});
    cells.push_back({share(after, totals_.after)});
    cells.push_back({amount(change.delta), change_colour(change)});
    cells.push_back({in_points_ ? fmt::format("{:.1f}", 100 * of_all(change.noise))
                                : signless(format_, change.noise),
                     Colour::kFaint});
  }

  [[nodiscard]] std::string share(const Weight& part, const Weight& whole) const {
    return few_ ? grouped(part.samples) : percent(part.all(), whole.all());
  }

  [[nodiscard]] double of_all(double weight) const {
    const auto all = static_cast<double>(totals_.after.all());
    return all > 0 ? weight / all : 0;
  }

  [[nodiscard]] std::string amount(double delta) const {
    return in_points_ ? points(of_all(delta)) : signed_amount(format_, delta);
  }

  [[nodiscard]] Cell part(std::uint64_t before, std::uint64_t after, Colour colour) const {
    const double delta = view::cpu_delta(totals_, before, after);
    return {amount(delta), before == 0 && after == 0 ? Colour::kFaint : colour};
  }

  const DiffReport& report_;
  const view::DiffTotals& totals_;
  AmountFormat format_;
  AmountFormat waits_;
  bool few_;
  bool in_points_;
  bool self_first_;
  bool cpu_ = true;
  bool amounts_ = true;
  bool other_ = false;
  bool user_ = false;
  bool sys_ = false;
  bool wait_ = false;
};

std::string row_place(const view::TableRow& row, RowsOf rows) {
  switch (rows) {
    case RowsOf::kModules:
      return row.path == row.label ? "" : row.path;
    case RowsOf::kProcesses:
      return {};
    case RowsOf::kThreads:
      return row.process;
    default:
      return place_text(row.module, row.file, row.line);
  }
}

/// A table, and what it left out: what may be chance, and what is beyond the limit.
struct Part {
  explicit Part(const TextStyle& style) : table(style) {}

  TextTable table;
  std::size_t chance = 0;
  std::size_t more = 0;
  bool changed = false;   ///< Something did, by more than chance.
  std::string what = {};  ///< "12 functions"

  /// Whether the next row is shown.
  bool takes(bool significant, const DiffTextOptions& options) {
    changed |= significant;
    if (!significant && !options.all) {
      ++chance;
      return false;
    }
    if (options.limit != 0 && shown_ == options.limit) {
      ++more;
      return false;
    }
    ++shown_;
    return true;
  }

  void name(std::string_view one, std::string_view many) {
    what = fmt::format("{} {}", grouped(chance), chance == 1 ? one : many);
  }

  [[nodiscard]] std::string text(const TextStyle& style) const {
    std::string text = table.empty() ? "" : table.text();
    text += more_text(more, style);
    if (chance == 0) return text;
    return text +
           (changed ? TextLine(style).add(what + " changed by no more than chance", Colour::kFaint)
                    : TextLine(style).add("no change beyond chance in " + what))
               .take();
  }

 private:
  std::size_t shown_ = 0;
};

std::pair<std::string_view, std::string_view> row_words(RowsOf rows) {
  switch (rows) {
    case RowsOf::kFunctions:
      return {"function", "functions"};
    case RowsOf::kModules:
      return {"module", "modules"};
    case RowsOf::kProcesses:
      return {"process", "processes"};
    case RowsOf::kThreads:
      return {"thread", "threads"};
    case RowsOf::kLines:
      return {"line", "lines"};
  }
  return {"row", "rows"};
}

Part rows_part(const DiffReport& report, const DiffTextOptions& options, const DiffColumns& columns,
               const TextStyle& style) {
  Part part(style);
  columns.titles(part.table, false);
  const bool by_line = report.rows == RowsOf::kLines;
  if (by_line) part.table.column(std::string(place_title(report.rows)), Align::kPath, 16);
  part.table.column(std::string(name_title(report.rows)), Align::kName, 20);
  if (!by_line) part.table.column(std::string(place_title(report.rows)), Align::kPath, 12);
  for (const DiffRow& row : report.diff->rows) {
    if (!part.takes(view::is_reported(row, options.key), options)) continue;
    std::vector<Cell> cells = columns.cells(row);
    Cell name{row.what.label, row.what.kernel ? Colour::kSys : Colour::kName};
    name.mark = inline_mark(row.what.inlined);
    if (row.is_new()) name.mark += " (new)";
    if (row.is_gone()) name.mark += " (gone)";
    Cell place{row_place(row.what, report.rows), Colour::kFaint};
    if (by_line) std::swap(name, place);
    cells.push_back(std::move(name));
    cells.push_back(std::move(place));
    part.table.row(std::move(cells));
  }
  const auto [one, many] = row_words(report.rows);
  part.name(one, many);
  return part;
}

Part causes_part(const DiffReport& report, const DiffTextOptions& options,
                 const DiffColumns& columns, const TextStyle& style) {
  Part part(style);
  columns.titles(part.table, true);
  part.table.column("cause", Align::kName, 20);
  for (const DiffCause& row : report.diff->causes) {
    if (!part.takes(row.sys.significant, options)) continue;
    std::vector<Cell> cells = columns.cells(row);
    Cell name{cause_text(row.what), Colour::kSys};
    if (row.before.empty()) name.mark = " (new)";
    if (row.what.weight.empty()) name.mark = " (gone)";
    cells.push_back(std::move(name));
    part.table.row(std::move(cells));
  }
  part.name("cause of sys", "causes of sys");
  return part;
}

/// Few long waits prove nothing, but say why the one took so much longer than the other.
std::string long_waits_text(const DiffReport& report, const TextStyle& style) {
  const view::DiffTotals& totals = report.diff->totals;
  constexpr double kMuch = 0.1;
  const auto larger = static_cast<double>(std::max(totals.before.wait, totals.after.wait));
  const double delta =
      static_cast<double>(totals.after.wait) - static_cast<double>(totals.before.wait);
  if (!totals.waits || std::abs(delta) <= kMuch * larger) return {};
  const DiffRow* most = nullptr;
  for (const DiffRow& row : report.diff->rows) {
    if (row.self.wait.significant || row.total.wait.significant) return {};
    // What changed as the whole did.
    if (row.self.wait.delta * delta <= 0) continue;
    if (most == nullptr || std::abs(row.self.wait.delta) > std::abs(most->self.wait.delta))
      most = &row;
  }
  if (most == nullptr) return {};
  const AmountFormat format =
      AmountFormat::of_waits(totals.before.wait > totals.after.wait ? totals.before : totals.after);
  return wrapped(
      fmt::format(
          "waiting changed by {} s, most of it {} (waits: {} → {}): too few for their length "
          "to tell from chance",
          signed_amount(format, delta), most->what.label, grouped(most->before.self.waits),
          grouped(most->after().self.waits)),
      "", style, Colour::kPlain);
}

}  // namespace

std::string diff_text(const DiffReport& report, const DiffTextOptions& options,
                      const TextStyle& style) {
  std::string text = diff_head_text(report, style);
  const view::Diff& diff = *report.diff;
  const bool comparable = report.waits_only ? diff.totals.has_waits()
                                            : diff.totals.has_cpu() || diff.totals.has_waits();
  if (!comparable) return text;
  const DiffColumns columns(report, options, style);
  const Part causes = causes_part(report, options, columns, style);
  if (report.causes_only) {
    return text + (diff.causes.empty() ? TextLine(style).add("no kernel time was sampled").take()
                                       : causes.text(style));
  }
  Part rows = rows_part(report, options, columns, style);
  const bool has_causes = !diff.causes.empty() && !report.waits_only;
  const bool together = has_causes && rows.table.empty() && causes.table.empty();
  if (together) rows.what += " and " + causes.what;
  text += rows.text(style) + long_waits_text(report, style);
  if (!has_causes || together) return text;
  return text + '\n' + causes.text(style);
}

}  // namespace profiler::render
