#include "render/syscalls_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "render/amount.h"
#include "render/first_rows.h"
#include "render/printable.h"
#include "render/run_text.h"
#include "render/syscall_details.h"
#include "render/text_table.h"

namespace profiler::render {
namespace {

using view::SyscallTableRow;

constexpr std::size_t kIndent = 2;
/// Widths from which on there is room for more: what the call's caller is, bars and the median, the
/// extremes, the deviation.
constexpr std::size_t kWithCaller = 96;
constexpr std::size_t kWithBar = 130;
constexpr std::size_t kWithExtremes = 140;
constexpr std::size_t kWithDeviation = 160;

std::string counted(std::uint64_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", grouped(count), count == 1 ? one : many);
}

std::string heading(std::string_view text, const TextStyle& style) {
  return '\n' + TextLine(style).add(text, Colour::kTitle).take();
}

std::string_view backend_title(SyscallBackend backend) {
  return backend == SyscallBackend::kBpf    ? "by BPF, in the kernel"
         : backend == SyscallBackend::kRing ? "by trace points, through a ring"
                                            : "not";
}

/// Amounts of time in one column have the same digits.
struct Seconds {
  int digits;
  [[nodiscard]] std::string operator()(std::uint64_t ns) const {
    return ns == 0 ? "0" : seconds(ns, digits);
  }
};

std::string table_rows(const SyscallsReport& report, std::size_t shown, const TextStyle& style) {
  const view::SyscallTable& all = report.table;
  const Seconds amount{fine_second_digits(std::max(all.cpu_ns, all.sys_ns))};
  const bool has_callers =
      style.width >= kWithCaller && std::ranges::any_of(all.rows, [](const SyscallTableRow& row) {
        return !row.callers.empty();
      });
  const bool has_groups = report.by != SyscallGrouping::kNone;
  const bool median = style.width >= kWithBar;
  const bool extremes = style.width >= kWithExtremes;
  const bool deviation = style.width >= kWithDeviation;

  TextTable table(style, kIndent);
  table.column("cpu", Align::kRight);
  table.column(all.sys_is_charged ? "of sys" : "share", Align::kRight);
  table.column("", Align::kBar, style.width < kWithBar ? 0 : 8);
  for (const char* title : {"wall", "calls", "errors", "mean"}) table.column(title, Align::kRight);
  if (deviation) table.column("stddev", Align::kRight);
  if (extremes) table.column("min", Align::kRight);
  if (median) table.column("p50", Align::kRight);
  table.column("p99", Align::kRight);
  if (extremes) table.column("max", Align::kRight);
  table.column("call", Align::kLeft);
  if (has_groups) table.column(std::string(grouping_name(report.by)), Align::kPath, 12);
  if (has_callers) {
    // Which line it is says more than the whole name of its function.
    constexpr std::size_t kWidestPlace = 16;
    std::size_t place = 0;
    for (std::size_t i = 0; i < shown; ++i) {
      if (all.rows[i].callers.empty()) continue;
      const view::SyscallCaller& caller = all.rows[i].callers.front();
      place = std::max(
          place, display_width(printable(place_text(caller.module, caller.file, caller.line))));
    }
    table.column("caller", Align::kName, 6);
    table.column("", Align::kPath, std::min(place, kWidestPlace));
  }

  const auto add = [&](const SyscallTableRow& row, Cell name) {
    const bool is_rest = row.name.empty();
    const bool ended = row.durations.total() != 0;
    const auto time_of = [&](bool known, double ns) -> Cell {
      if (is_rest) return {};
      return {known ? duration(ns) : std::string(kNotMeasured)};
    };
    const auto quantile = [&](const std::optional<std::uint64_t>& ns) {
      return time_of(ns.has_value(), static_cast<double>(ns.value_or(0)));
    };
    const auto number = [](std::string text, std::uint64_t value, Colour colour) {
      return Cell{std::move(text), value == 0 ? Colour::kFaint : colour};
    };
    std::vector<Cell> cells;
    cells.push_back(number(amount(row.cpu_ns), row.cpu_ns, Colour::kSys));
    cells.push_back(number(percent(row.cpu_ns, all.sys_ns), row.cpu_ns, Colour::kPlain));
    cells.push_back({.text = "",
                     .colour = Colour::kSys,
                     .fraction = all.sys_ns == 0
                                     ? 0
                                     : std::min(1.0, static_cast<double>(row.cpu_ns) /
                                                         static_cast<double>(all.sys_ns))});
    cells.push_back(number(amount(row.wall_ns), row.wall_ns, Colour::kPlain));
    cells.push_back({grouped(row.calls)});
    cells.push_back(number(grouped(row.errors), row.errors, Colour::kWarning));
    cells.push_back(time_of(ended, row.mean_ns));
    if (deviation) cells.push_back(time_of(ended, row.stddev_ns));
    if (extremes) cells.push_back(time_of(ended, static_cast<double>(row.min_ns)));
    if (median) cells.push_back(quantile(row.p50_ns));
    cells.push_back(quantile(row.p99_ns));
    if (extremes) cells.push_back(time_of(ended, static_cast<double>(row.max_ns)));
    cells.push_back(std::move(name));
    if (has_groups) cells.push_back({.text = row.group, .colour = Colour::kName});
    if (has_callers) {
      const view::SyscallCaller caller =
          row.callers.empty() ? view::SyscallCaller{} : row.callers.front();
      cells.push_back(
          {.text = caller.function, .colour = Colour::kName, .mark = inline_mark(caller.inlined)});
      cells.push_back({place_text(caller.module, caller.file, caller.line), Colour::kFaint});
    }
    table.row(std::move(cells));
  };
  SyscallTableRow rest;
  for (std::size_t i = 0; i < all.rows.size(); ++i) {
    const SyscallTableRow& row = all.rows[i];
    if (i < shown) {
      add(row, {view::syscall_label(row), Colour::kSys});
      continue;
    }
    rest.calls += row.calls;
    rest.errors += row.errors;
    rest.wall_ns += row.wall_ns;
    rest.cpu_ns += row.cpu_ns;
  }
  if (shown < all.rows.size())
    add(rest, {fmt::format("… {} more", grouped(all.rows.size() - shown)), Colour::kFaint});
  return table.text();
}

/// What is peculiar about some of the calls.
Facts peculiarities(const view::SyscallTable& table) {
  std::uint64_t begun_before = 0;
  std::uint64_t unfinished = 0;
  std::uint64_t restarts = 0;
  for (const SyscallTableRow& row : table.rows) {
    begun_before += row.begun_before;
    unfinished += row.unfinished;
    restarts += row.restarts;
  }
  Facts facts;
  if (begun_before != 0) facts.push_back({grouped(begun_before) + " under way at the start"});
  if (unfinished != 0) facts.push_back({grouped(unfinished) + " under way at the end"});
  if (restarts != 0) facts.push_back({grouped(restarts) + " interrupted, to be made again"});
  return facts;
}

class LedgerWriter {
 public:
  LedgerWriter(const SyscallsReport& report, const TextStyle& style)
      : report_(report), ledger_(report.ledger), style_(style), table_(style, kIndent) {
    const std::uint64_t sum = ledger_.syscalls_ns + ledger_.exec_exit_ns +
                              ledger_.faults_ns.value_or(0) + ledger_.interrupts_ns.value_or(0) +
                              ledger_.other_ns.value_or(0);
    whole_ = ledger_.charged_ns.value_or(0) != 0 ? *ledger_.charged_ns : sum;
    digits_ = fine_second_digits(std::max(whole_, sum));
    table_.column("sys", Align::kRight);
    table_.column("share", Align::kRight);
    table_.column("", Align::kBar, style.width < kWithBar ? 0 : 8);
    table_.column("entry", Align::kLeft);
    table_.column("", Align::kName, 20);
  }

  std::string text() {
    line(ledger_.syscalls_ns, "system calls", counted(ledger_.syscall_count, "call", "calls"));
    if (ledger_.faults_in_syscalls_ns.value_or(0) != 0)
      line(ledger_.faults_in_syscalls_ns, "  of which page faults", "as sampled", Colour::kFaint);
    line(ledger_.faults_ns, "page faults in user mode", faults());
    line(ledger_.interrupts_ns, "interrupts", interrupts());
    line(ledger_.exec_exit_ns, "exec and exit", exec_exit());
    if (ledger_.other_ns.value_or(0) != 0)
      line(ledger_.other_ns, "other entries", "exceptions, new threads; as sampled");
    if (ledger_.unattributed_ns) unattributed(*ledger_.unattributed_ns);
    if (ledger_.entering_ns) {
      line(ledger_.entering_ns, "  of which entering calls",
           "and leaving and counting them; as sampled", Colour::kFaint);
    }
    if (ledger_.charged_ns) {
      line(ledger_.charged_ns, "charged",
           report_.profile->run.charged.source == TimeCharged::Source::kProc
               ? "by the kernel: /proc"
               : "by the kernel: wait4",
           Colour::kFaint);
    }
    return heading("Where sys went, by entry", style_) + table_.text();
  }

 private:
  void line(const std::optional<std::uint64_t>& ns, std::string_view entry, std::string detail,
            Colour colour = Colour::kSys) {
    const std::uint64_t value = ns.value_or(0);
    table_.row({{!ns          ? std::string(kNotMeasured)
                 : value == 0 ? "0"
                              : seconds(value, digits_),
                 value == 0 ? Colour::kFaint : colour},
                {ns ? percent(value, whole_) : "", value == 0 ? Colour::kFaint : Colour::kPlain},
                {.text = "",
                 .colour = colour,
                 .fraction =
                     whole_ == 0 || colour != Colour::kSys
                         ? 0
                         : std::min(1.0, static_cast<double>(value) / static_cast<double>(whole_))},
                {std::string(entry), colour == Colour::kSys ? Colour::kPlain : colour},
                {std::move(detail), Colour::kFaint}});
  }

  void unattributed(std::int64_t ns) {
    const bool negative = ns < 0;
    const std::uint64_t value =
        negative ? 0 - static_cast<std::uint64_t>(ns) : static_cast<std::uint64_t>(ns);
    const std::string sign = negative ? "-" : "";
    table_.row(
        {{value == 0 ? "0" : sign + seconds(value, digits_), Colour::kFaint},
         {(value == 0 ? "" : sign) + percent(value, whole_), Colour::kFaint},
         {},
         {"unattributed", Colour::kFaint},
         {negative ? "the kernel charged less than was seen" : "charged, but in none of these",
          Colour::kFaint}});
  }

  [[nodiscard]] std::string faults() const {
    std::string text;
    if (ledger_.minor_faults) text += grouped(*ledger_.minor_faults) + " minor";
    if (ledger_.major_faults)
      text += (text.empty() ? "" : ", ") + grouped(*ledger_.major_faults) + " major";
    if (!text.empty()) text += "; ";
    return text + (ledger_.faults_ns ? "time as sampled" : "the kernel was not sampled");
  }

  [[nodiscard]] std::string interrupts() const {
    if (ledger_.interrupts_ns) return "as far as samples show them";
    const EventInfo& event = *report_.event;
    return event.is_time() && report_.profile->run.kernel_sampled
               ? fmt::format("{} does not see them", event.name)
               : "the kernel was not sampled";
  }

  [[nodiscard]] std::string exec_exit() const {
    const std::string calls = counted(ledger_.exec_exit_calls, "call", "calls");
    return report_.profile->syscalls.killed_cpu_ns == 0 ? calls
                                                        : calls + ", and threads ended by others";
  }

  const SyscallsReport& report_;
  const view::SysLedger& ledger_;
  const TextStyle& style_;
  TextTable table_;
  std::uint64_t whole_ = 0;
  int digits_ = 3;
};

std::string head(const SyscallsReport& report, const TextStyle& style) {
  const Run& run = report.profile->run;
  const std::string status = status_text(run);
  const std::size_t taken = status.empty() ? 0 : status.size() + 2;
  TextLine line(style);
  line.add(command_text(run, style.width > taken ? style.width - taken : 0), Colour::kTitle);
  if (!status.empty()) {
    line.pad_to(style.width - std::min(style.width, status.size()));
    line.add(status, run.exit_status.value_or(0) == 0 ? Colour::kFaint : Colour::kWarning);
  }
  std::string text = line.take() + syscall_facts_text(report, style);
  text += facts_text(event_facts(run, *report.event, report.quality), style);

  const TimeCharged& charged = run.charged;
  const std::uint64_t real = charged.real_ns.value_or(run.duration_ns);
  const int digits =
      second_digits(std::max(real, charged.user_ns.value_or(0) + charged.sys_ns.value_or(0)));
  const auto time = [&](std::string_view name, const std::optional<std::uint64_t>& ns,
                        Colour colour) {
    if (line.width() != 0) line.pad_to(line.width() + 3);
    line.add(name, colour).add(" ");
    line.add(ns ? seconds(*ns, digits) + " s" : std::string(kNotMeasured), colour);
  };
  if (real == 0 && !charged.user_ns && !charged.sys_ns) return text;
  time("real", real == 0 ? std::nullopt : std::optional(real), Colour::kPlain);
  time("user", charged.user_ns, Colour::kUser);
  time("sys", charged.sys_ns, Colour::kSys);
  return text + '\n' + line.take();
}

std::string notes(const SyscallsReport& report, const TextStyle& style) {
  // Few samples are no reason to doubt what was counted.
  view::Quality quality = report.quality;
  quality.samples = std::max(quality.samples, kFewSamples);
  std::string text;
  for (const std::string& note : notes_text(report.profile->run, *report.event, quality))
    text += wrapped(note, "! ", style, Colour::kWarning);
  return text.empty() ? text : '\n' + text;
}

}  // namespace

std::string syscall_facts_text(const SyscallsReport& report, const TextStyle& style) {
  const SyscallAccount& account = report.profile->syscalls;
  Facts facts;
  facts.push_back({counted(report.table.calls, "system call", "system calls") + " counted " +
                   std::string(backend_title(account.backend))});
  if (account.lost == 0) {
    facts.push_back({"none lost"});
  } else {
    facts.push_back(
        {counted(account.lost, account.backend == SyscallBackend::kRing ? "record" : "call",
                 account.backend == SyscallBackend::kRing ? "records" : "calls") +
             " lost",
         true});
  }
  for (Fact& fact : peculiarities(report.table)) facts.push_back(std::move(fact));
  return facts_text(facts, style);
}

std::string syscall_table_text(const SyscallsReport& report, std::size_t limit,
                               const TextStyle& style) {
  const std::size_t rows = report.table.rows.size();
  // One more row is shown rather than summed up alone as the rest.
  const std::size_t shown = limit == 0 || rows <= limit + 1 ? rows : limit;
  return table_rows(report, shown, style);
}

std::string sys_ledger_text(const SyscallsReport& report, const TextStyle& style) {
  return LedgerWriter(report, style).text();
}

std::string all_advice_text(const std::vector<view::Advice>& advice, const TextStyle& style) {
  std::string text;
  for (const view::Advice& piece : advice)
    text += wrapped(advice_text(piece), "* ", style, Colour::kTitle);
  return text.empty() ? text : '\n' + text;
}

std::string syscalls_text(const SyscallsReport& report, const SyscallsTextOptions& options,
                          const TextStyle& style) {
  std::string text = head(report, style);
  if (report.table.rows.empty()) {
    text += '\n' + TextLine(style).add("no system calls were counted", Colour::kFaint).take();
  } else {
    text += '\n' + syscall_table_text(report, options.limit, style);
  }
  text += sys_ledger_text(report, style);
  const auto rows = first_rows(report.table.rows, options.limit);
  if (options.errors) text += heading("Errors", style) + syscall_errors_text(report, rows, style);
  if (options.histogram)
    text += heading("How long calls took", style) + syscall_histograms_text(report, rows, style);
  if (options.callers) {
    text +=
        heading("Who called", style) + syscall_callers_text(report, rows, options.min_share, style);
  }
  text += all_advice_text(report.advice, style);
  return text + notes(report, style);
}

}  // namespace profiler::render
