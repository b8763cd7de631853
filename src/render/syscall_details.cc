#include "render/syscall_details.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "render/amount.h"
#include "render/run_text.h"
#include "render/text_table.h"
#include "render/tree_lines.h"

namespace profiler::render {
namespace {

using view::SyscallTableRow;

constexpr std::size_t kIndent = 2;

/// "read", "read of worker (4711)".
std::string call_title(const SyscallTableRow& row) {
  std::string title = view::syscall_label(row);
  if (!row.group.empty()) title += " of " + row.group;
  return title;
}

std::string nothing(std::string_view text, const TextStyle& style) {
  return TextLine(style).pad_to(kIndent).add(text, Colour::kFaint).take();
}

/// A power of two of durations.
struct Octave {
  std::uint64_t from_ns = 0;
  std::uint64_t until_ns = 0;
  std::uint64_t count = 0;
};

std::vector<Octave> octaves(const DurationHistogram& histogram) {
  std::vector<Octave> all;
  for (std::size_t i = 0; i < DurationHistogram::kBuckets; ++i) {
    const std::uint64_t lower = DurationHistogram::lower(i);
    const bool begins =
        i == 0 || i == DurationHistogram::kBuckets - 1 || (lower & (lower - 1)) == 0;
    if (begins) all.push_back({.from_ns = lower});
    all.back().until_ns = DurationHistogram::upper(i);
    all.back().count += histogram.counts[i];
  }
  const auto is_filled = [](const Octave& octave) { return octave.count != 0; };
  all.erase(all.begin(), std::ranges::find_if(all, is_filled));
  while (!all.empty() && !is_filled(all.back())) all.pop_back();
  return all;
}

void add_caller_lines(const SyscallTableRow& row, TextTable& table, int digits) {
  constexpr std::size_t kShown = 10;
  const auto time = [digits](std::uint64_t ns) {
    return ns == 0 ? std::string("0") : seconds(ns, digits);
  };
  for (std::size_t i = 0; i < std::min(kShown, row.callers.size()); ++i) {
    const view::SyscallCaller& caller = row.callers[i];
    table.row({{time(caller.cpu_ns), Colour::kSys},
               {time(caller.wall_ns)},
               {grouped(caller.calls)},
               {percent(caller.calls, row.calls)},
               {.text = caller.function.empty() ? "(no user code)" : caller.function,
                .colour = Colour::kName,
                .mark = inline_mark(caller.inlined)},
               {place_text(caller.module, caller.file, caller.line), Colour::kFaint}});
  }
  if (row.callers.size() <= kShown) return;
  view::SyscallCaller rest;
  for (std::size_t i = kShown; i < row.callers.size(); ++i) {
    rest.cpu_ns += row.callers[i].cpu_ns;
    rest.wall_ns += row.callers[i].wall_ns;
    rest.calls += row.callers[i].calls;
  }
  table.row({{time(rest.cpu_ns), Colour::kSys},
             {time(rest.wall_ns)},
             {grouped(rest.calls)},
             {percent(rest.calls, row.calls)},
             {fmt::format("… {} more", grouped(row.callers.size() - kShown)), Colour::kFaint},
             {}});
}

void add_columns(TextTable& table, std::string name_title) {
  table.column("cpu", Align::kRight);
  table.column("wall", Align::kRight);
  table.column("calls", Align::kRight);
  table.column("of calls", Align::kRight);
  table.column(std::move(name_title), Align::kName, 24);
  table.column("", Align::kPath, 12);
}

/// The stacks of one call, from the call outwards.
std::string stacks_text(const Profile& profile, const SyscallTableRow& row, double min_share,
                        const TextStyle& style) {
  const view::CallTree tree = view::syscall_callers(profile, row, min_share);
  const view::Weight& whole = tree.nodes.front().total;
  // Of wall time, and where that is nothing, of calls.
  const auto is_shown = [&](const view::Weight& total) {
    const double share = whole.all() != 0
                             ? static_cast<double>(total.all()) / static_cast<double>(whole.all())
                             : static_cast<double>(total.samples) /
                                   static_cast<double>(std::max<std::uint64_t>(whole.samples, 1));
    return 100 * share >= min_share;
  };
  const int digits = fine_second_digits(whole.all());
  const auto time = [digits](std::uint64_t ns) {
    return ns == 0 ? std::string("0") : seconds(ns, digits);
  };
  TextTable table(style, kIndent);
  add_columns(table, "stacks, from the call outwards");
  TreeLines lines(tree, style.width, is_shown);
  while (const std::optional<TreeLine> line = lines.next()) {
    const view::Weight& total = line->rest_count != 0 ? line->rest : tree.nodes[line->node].total;
    table.row({{time(total.sys), Colour::kSys},
               {time(total.all())},
               {grouped(total.samples)},
               {percent(total.samples, whole.samples)},
               tree_name(profile, tree, *line),
               tree_place(profile, tree, *line)});
  }
  return table.text();
}

}  // namespace

std::string syscall_errors_text(const SyscallsReport& report, std::span<const SyscallTableRow> rows,
                                const TextStyle& style) {
  TextTable table(style, kIndent);
  table.column("count", Align::kRight);
  table.column("of calls", Align::kRight);
  table.column("error", Align::kLeft);
  table.column("call", Align::kLeft);
  const bool has_groups = report.by != SyscallGrouping::kNone;
  if (has_groups) table.column(std::string(grouping_name(report.by)), Align::kPath, 12);
  for (const SyscallTableRow& row : rows) {
    for (const view::SyscallErrno& error : row.errnos) {
      std::vector<Cell> cells = {{grouped(error.count), Colour::kWarning},
                                 {percent(error.count, row.calls)},
                                 {errno_name(error.number)},
                                 {view::syscall_label(row), Colour::kSys}};
      if (has_groups) cells.push_back({.text = row.group, .colour = Colour::kName});
      table.row(std::move(cells));
    }
  }
  return table.empty() ? nothing("none", style) : table.text();
}

std::string syscall_histograms_text(const SyscallsReport& /*report*/,
                                    std::span<const SyscallTableRow> rows, const TextStyle& style) {
  constexpr std::size_t kRangeWidth = 9;
  constexpr std::size_t kCountWidth = 13;
  std::string text;
  for (const SyscallTableRow& row : rows) {
    const std::vector<Octave> all = octaves(row.durations);
    if (all.empty()) continue;
    TextLine line(style);
    line.pad_to(kIndent).add(call_title(row), Colour::kSys);
    text += line.take();
    const std::uint64_t highest = std::ranges::max(all, {}, &Octave::count).count;
    for (const Octave& octave : all) {
      const bool is_last = octave.until_ns > DurationHistogram::kLongest;
      line.pad_to(kIndent);
      line.add_right(duration(static_cast<double>(octave.from_ns)), kRangeWidth, Colour::kFaint);
      line.add(" – ", Colour::kFaint);
      line.add_right(is_last ? "" : duration(static_cast<double>(octave.until_ns)), kRangeWidth,
                     Colour::kFaint);
      line.add_right(octave.count == 0 ? "" : grouped(octave.count), kCountWidth);
      line.add("  ");
      const std::size_t room = std::min<std::size_t>(line.room(), 60);
      if (octave.count != 0) {
        line.add_bar(static_cast<double>(octave.count) / static_cast<double>(highest), room,
                     Colour::kSys);
      }
      text += line.take();
    }
  }
  return text.empty() ? nothing("no call ended", style) : text;
}

std::string syscall_callers_text(const SyscallsReport& report,
                                 std::span<const SyscallTableRow> rows, double min_share,
                                 const TextStyle& style) {
  std::string text;
  for (const SyscallTableRow& row : rows) {
    if (row.callers.empty()) continue;
    if (!text.empty()) text += '\n';
    TextLine line(style);
    line.pad_to(kIndent).add(call_title(row), Colour::kSys);
    text += line.take();
    TextTable callers(style, kIndent);
    add_columns(callers, "caller in user code");
    add_caller_lines(row, callers, fine_second_digits(row.wall_ns));
    text += callers.text();
    text += stacks_text(*report.profile, row, min_share, style);
  }
  return text.empty() ? nothing("no stacks were sampled", style) : text;
}

}  // namespace profiler::render
