#include "render/threads_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "render/amount.h"
#include "render/first_rows.h"
#include "render/report_text.h"
#include "render/text_table.h"

namespace profiler::render {
namespace {

using view::TableRow;
using view::ThreadTimes;

/// From here on there are both times and shares.
constexpr std::size_t kWide = 100;
/// Threads of a long life are told to the millisecond up to here: others may have a short one.
constexpr std::uint64_t kLong = 1'000'000'000'000;

std::uint64_t longest_of(const view::Table& table) {
  std::uint64_t longest = 0;
  for (const TableRow& row : table)
    if (row.times) longest = std::max(longest, row.times->lifetime_ns);
  return longest;
}

class ThreadLines {
 public:
  ThreadLines(const ReportHead& head, const view::Table& table, std::size_t limit,
              const TextStyle& style)
      : head_(head),
        table_(table),
        shown_(first_rows(table, limit)),
        style_(style),
        digits_(longest_of(table) < kLong ? 3 : second_digits(longest_of(table))),
        out_(style) {}

  std::string shares() {
    out_.column("lifetime", Align::kRight);
    for (const char* title : {"user", "sys", "wait"}) out_.column(title, Align::kRight);
    if (style_.width >= kWide) {
      for (const char* title : {"user %", "sys %", "wait %"}) out_.column(title, Align::kRight);
    } else {
      out_.column("wait %", Align::kRight);
    }
    names();
    for (const TableRow& row : shown_) {
      std::vector<Cell> cells;
      if (row.times) {
        add_shares(*row.times, cells);
      } else {
        cells.assign(style_.width >= kWide ? 7 : 5, unknown());
      }
      add(std::move(cells), row);
    }
    return text();
  }

  std::string schedule() {
    out_.column("on CPU", Align::kRight);
    for (const char* title : {"voluntary", "preempted", "migrated"})
      out_.column(title, Align::kRight);
    out_.column("delayed", Align::kRight);
    for (const char* title : {"mean", "p99", "max"}) out_.column(title, Align::kRight);
    names();
    for (const TableRow& row : shown_) {
      std::vector<Cell> cells;
      if (row.times) {
        add_schedule(*row.times, cells);
      } else {
        cells.assign(8, unknown());
      }
      add(std::move(cells), row);
    }
    return text();
  }

 private:
  void names() {
    out_.column("thread", Align::kName, 16);
    out_.column("process", Align::kPath, 10);
  }

  void add(std::vector<Cell> cells, const TableRow& row) {
    cells.push_back({fmt::format("{} [{}]", row.label, row.tid.value_or(0)), Colour::kName});
    cells.push_back({fmt::format("{} [{}]", row.process, row.pid.value_or(0)), Colour::kFaint});
    out_.row(std::move(cells));
  }

  void add_shares(const ThreadTimes& times, std::vector<Cell>& cells) const {
    // Both or none.
    const bool split = times.user_ns.has_value();
    const std::uint64_t user = times.user_ns.value_or(0);
    const std::uint64_t sys = times.sys_ns.value_or(0);
    cells.push_back(time(times.lifetime_ns, Colour::kPlain));
    cells.push_back(split ? time(user, Colour::kUser) : unknown());
    cells.push_back(split ? time(sys, Colour::kSys) : unknown());
    cells.push_back(time(times.wait_ns(), Colour::kWait));
    if (style_.width >= kWide) {
      cells.push_back(split ? share(times, user, Colour::kUser) : unknown());
      cells.push_back(split ? share(times, sys, Colour::kSys) : unknown());
    }
    cells.push_back(share(times, times.wait_ns(), Colour::kWait));
  }

  void add_schedule(const ThreadTimes& times, std::vector<Cell>& cells) const {
    cells.push_back(time(times.on_cpu_ns, Colour::kPlain));
    for (const std::uint64_t count : {times.voluntary, times.preempted, times.migrations})
      cells.push_back({grouped(count), count == 0 ? Colour::kFaint : Colour::kPlain});
    cells.push_back(
        {times.runnable_ns == 0 ? "0" : duration(static_cast<double>(times.runnable_ns)),
         times.runnable_ns == 0 ? Colour::kFaint : Colour::kWait});
    if (!times.mean_delay_ns) {
      for (int i = 0; i < 3; ++i) cells.push_back(unknown());
      return;
    }
    for (const std::uint64_t ns :
         {*times.mean_delay_ns, times.p99_delay_ns.value_or(0), times.longest_delay_ns})
      cells.push_back({duration(static_cast<double>(ns))});
  }

  [[nodiscard]] static Cell unknown() { return {std::string(kNotMeasured), Colour::kFaint}; }

  [[nodiscard]] Cell time(std::uint64_t ns, Colour colour) const {
    return {ns == 0 ? "0" : seconds(ns, digits_), ns == 0 ? Colour::kFaint : colour};
  }

  [[nodiscard]] static Cell share(const ThreadTimes& times, std::uint64_t ns, Colour colour) {
    return {percent(ns, times.lifetime_ns), ns == 0 ? Colour::kFaint : colour};
  }

  std::string text() {
    return head_text(head_, style_) + out_.text() +
           more_text(table_.size() - shown_.size(), style_);
  }

  const ReportHead& head_;
  const view::Table& table_;
  std::span<const TableRow> shown_;
  const TextStyle& style_;
  int digits_;
  TextTable out_;
};

}  // namespace

bool has_thread_times(const view::Table& table) {
  return std::ranges::any_of(table, [](const TableRow& row) { return row.times.has_value(); });
}

std::string threads_text(const ReportHead& head, const view::Table& table, std::size_t limit,
                         const TextStyle& style) {
  return ThreadLines(head, table, limit, style).shares();
}

std::string schedule_text(const ReportHead& head, const view::Table& table, std::size_t limit,
                          const TextStyle& style) {
  return ThreadLines(head, table, limit, style).schedule();
}

}  // namespace profiler::render
