#include "render/overview.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "render/amount.h"
#include "render/run_text.h"
#include "render/syscalls_text.h"
#include "render/text_table.h"
#include "render/waits_text.h"
#include "view/runtime_code.h"

namespace profiler::render {
namespace {

using view::CauseRow;

constexpr std::string_view kIndent = "  ";
/// What stands for waits of which nothing is known, in tables of functions.
constexpr std::string_view kNotSampled = "[not sampled]";

class OverviewWriter {
 public:
  OverviewWriter(const Profile& profile, const view::Overview& overview, const TextStyle& style,
                 const OverviewOptions& options)
      : profile_(profile),
        run_(profile.run),
        event_(main_event(profile, options.event)),
        overview_(overview),
        style_(style),
        options_(options),
        format_(event_, overview.sampled),
        waits_(overview.has_waits && event_.is_time()) {
    for (const view::WaitRow& row : overview.waits) waited_ += row.weight;
    for (const view::IdleThreads& pool : overview.idle) waited_ += pool.weight;
  }

  std::string text() {
    head();
    times();
    if (options_.counted != nullptr) counted(*options_.counted);
    causes();
    if (waits_) waits();
    functions();
    out_ += all_advice_text(overview_.advice, style_);
    notes();
    next();
    return std::move(out_);
  }

 private:
  void head() {
    TextLine line(style_);
    const std::string status = status_text(run_);
    const std::size_t room =
        style_.width > status.size() + 2 ? style_.width - status.size() - 2 : 0;
    line.add(command_text(run_, room), Colour::kTitle);
    if (!status.empty()) {
      line.pad_to(style_.width - std::min(style_.width, status.size()));
      line.add(status, run_.exit_status.value_or(0) == 0 ? Colour::kFaint : Colour::kWarning);
    }
    out_ += line.take();
    for (const Facts& facts : {event_facts(run_, event_, overview_.quality),
                               stack_facts(run_, overview_.quality, format_.few_samples()),
                               waits_ ? wait_facts(profile_, overview_.waited) : Facts{},
                               other_event_facts(overview_.events, event_)})
      out_ += facts_text(facts, style_);
  }

  /// What the kernel charged, in whose proportions the bars are; what was sampled stands beside it.
  /// Without a charge the samples take its place.
  void times() {
    out_ += '\n';
    const TimeCharged& charged = run_.charged;
    const bool is_time = event_.is_time();
    const bool has_charge = charged.user_ns && charged.sys_ns;
    const std::uint64_t user = has_charge ? *charged.user_ns : overview_.sampled.user;
    const std::uint64_t sys = has_charge ? *charged.sys_ns : overview_.sampled.sys;

    if (charged.real_ns || run_.duration_ns != 0) {
      const std::uint64_t real = charged.real_ns.value_or(run_.duration_ns);
      TextLine line(style_);
      add_amount(line, "real", real, Colour::kPlain, true);
      if (is_time || has_charge) {
        const double cores =
            real == 0 ? 0 : static_cast<double>(user + sys) / static_cast<double>(real);
        line.add(fmt::format("  {:.2f}", cores)).add(" of ");
        line.add(run_.cpus == 0   ? "the machine's cores busy"
                 : run_.cpus == 1 ? "1 core busy"
                                  : fmt::format("{} cores busy", run_.cpus));
      }
      if (has_charge && is_time) {
        line.pad_to(sampled_column()).add_right("sampled", kAmountWidth, Colour::kFaint);
        line.add_right("of charged", kShareWidth + 2, Colour::kFaint);
      }
      out_ += line.take();
    }
    const bool as_time = has_charge || is_time;
    mode_line("user", user, user + sys, overview_.sampled.user, Colour::kUser, as_time, has_charge);
    mode_line("sys", sys, user + sys, overview_.sampled.sys, Colour::kSys, as_time, has_charge);
    mode_line("cpu", user + sys, user + sys, overview_.sampled.all(), Colour::kPlain, as_time,
              has_charge);
    if (has_charge && is_time) unattributed(user + sys);
    if (!has_charge) {
      out_ += TextLine(style_)
                  .add(kIndent)
                  .add("as sampled: what the kernel charged was not measured", Colour::kFaint)
                  .take();
    }
    if (waits_) wait_line(user, sys, overview_.waited);
  }

  /// One thread's life is all of real; several threads' waits are a sum that is no part of it.
  void wait_line(std::uint64_t user, std::uint64_t sys, const view::WaitTotals& waited) {
    TextLine line(style_);
    add_amount(line, "wait", waited.wait_ns, Colour::kWait, true);
    line.add(kIndent);
    if (waited.threads > 1) {
      line.add(fmt::format("summed over {} threads", grouped(waited.threads)));
    } else {
      const std::uint64_t whole = user + sys + waited.wait_ns;
      line.add_stacked_bar({{static_cast<double>(user), Colour::kUser},
                            {static_cast<double>(sys), Colour::kSys},
                            {static_cast<double>(waited.wait_ns), Colour::kWait}},
                           bar_width());
      line.pad_to(kIndent.size() * 2 + kNameWidth + kAmountWidth + bar_width());
      line.add_right(percent(waited.wait_ns, whole), kShareWidth);
      line.add("  of real = user + sys + wait", Colour::kFaint);
    }
    out_ += line.take();
  }

  void mode_line(std::string_view name, std::uint64_t value, std::uint64_t whole,
                 std::uint64_t sampled, Colour colour, bool as_time, bool has_charge) {
    TextLine line(style_);
    add_amount(line, name, value, colour, as_time);
    const bool is_sum = name == "cpu";
    line.add(kIndent);
    if (!is_sum) {
      line.add_bar(whole == 0 ? 0 : static_cast<double>(value) / static_cast<double>(whole),
                   bar_width(), colour);
    }
    line.pad_to(kIndent.size() * 2 + kNameWidth + kAmountWidth + bar_width());
    line.add_right(is_sum || format_.few_samples() ? "" : percent(value, whole), kShareWidth);
    if (has_charge && event_.is_time()) {
      line.pad_to(sampled_column());
      const bool measured = name != "sys" || run_.kernel_sampled;
      line.add_right(measured ? fmt::format("{} s", seconds(sampled, digits())) : kNotMeasured,
                     kAmountWidth);
      line.add_right(!measured || is_few(sampled) ? "" : percent(sampled, value), kShareWidth + 2);
    }
    out_ += line.take();
  }

  /// Whether too few samples are behind a part of the sampled time for a percentage.
  [[nodiscard]] bool is_few(std::uint64_t sampled) const {
    const view::Weight& all = overview_.sampled;
    return static_cast<double>(sampled) * static_cast<double>(all.samples) <
           static_cast<double>(all.all()) * static_cast<double>(kFewSamples);
  }

  /// Charged but in no sample. Negative where sampling saw more than was charged.
  void unattributed(std::uint64_t charged) {
    const std::uint64_t sampled = overview_.sampled.all();
    const bool negative = sampled > charged;
    const std::uint64_t rest = negative ? sampled - charged : charged - sampled;
    const std::string amount = seconds(rest, digits());
    const std::string share = percent(rest, charged);
    // Too little to be seen has no sign.
    const bool sign = negative && amount.find_first_not_of("0.") != std::string::npos;
    TextLine line(style_);
    line.add(kIndent).add("not in any sample: exit teardown, losses, rounding", Colour::kFaint);
    line.pad_to(sampled_column());
    line.add_right(fmt::format("{}{} s", sign ? "-" : "", amount), kAmountWidth, Colour::kFaint);
    if (!format_.few_samples() && charged != 0) {
      line.add_right((sign && share.front() != '<' ? "-" : "") + share, kShareWidth + 2,
                     Colour::kFaint);
    }
    out_ += line.take();
  }

  void counted(const SyscallsReport& report) {
    out_ += sys_ledger_text(report, style_);
    heading("System calls");
    out_ += syscall_facts_text(report, style_);
    if (!report.table.rows.empty()) out_ += syscall_table_text(report, options_.syscalls, style_);
  }

  void causes() {
    if (overview_.causes.empty()) return;
    heading(!event_.is_time()             ? "In the kernel: why, and for whom"
            : options_.counted == nullptr ? "Where sys went"
                                          : "Where sys went, by cause");
    view::Weight sys;
    for (const CauseRow& row : overview_.causes) sys += row.weight;
    const AmountFormat format(event_, sys);

    TextTable table(style_, kIndent.size());
    table.column("sys", Align::kRight);
    table.column(std::string(format.share_title()), Align::kRight);
    table.column("", Align::kBar, style_.width < 96 ? 0 : 8);
    table.column("cause", Align::kLeft);
    table.column(style_.width < 96 ? "first caller" : "first caller in user code", Align::kName,
                 14);
    table.column("", Align::kPath, 12);
    const std::size_t shown = rows_to_show(overview_.causes.size(), options_.causes);
    view::Weight rest;
    for (std::size_t i = 0; i < overview_.causes.size(); ++i) {
      const CauseRow& row = overview_.causes[i];
      if (i >= shown) {
        rest += row.weight;
        continue;
      }
      const view::CauseCaller caller =
          row.callers.empty() ? view::CauseCaller{} : row.callers.front();
      table.row(
          {{format.amount(row.weight.sys), Colour::kSys},
           {format.share(row.weight.sys, row.weight.samples)},
           {.text = "", .colour = Colour::kSys, .fraction = format.fraction(row.weight.sys)},
           {cause_text(row)},
           {.text = caller.function, .colour = Colour::kName, .mark = inline_mark(caller.inlined)},
           {place_text(caller.module, caller.file, caller.line), Colour::kFaint}});
    }
    if (rest.samples != 0) {
      table.row({{format.amount(rest.sys), Colour::kSys},
                 {format.share(rest.sys, rest.samples)},
                 {.text = "", .colour = Colour::kSys, .fraction = format.fraction(rest.sys)},
                 {fmt::format("{} more causes", overview_.causes.size() - shown), Colour::kFaint}});
    }
    out_ += table.text();
  }

  void waits() {
    if (waited_.empty()) return;
    heading("Where it waited");
    out_ += wait_classes_text(run_, overview_.waits, overview_.idle, style_);
  }

  void functions() {
    if (overview_.functions.empty()) return;
    heading(event_.is_time() ? "Top functions, with all they called"
                             : "Top functions by " + event_.unit + ", with all they called");
    TextTable table(style_, kIndent.size());
    for (const char* title : {"total", "user", "sys"}) table.column(title, Align::kRight);
    if (waits_) table.column("wait", Align::kRight);
    table.column("self", Align::kRight);
    table.column(std::string(format_.share_title()), Align::kRight);
    table.column("function", Align::kName, 24);
    table.column("", Align::kPath, 18);
    const AmountFormat waits = AmountFormat::of_waits(waited_);
    std::size_t shown = 0;
    for (const view::TableRow& row : overview_.functions) {
      // What the kernel did stands above, by cause; and that a program has a start is no news.
      if (row.kernel || row.label == kNotSampled || view::is_start_function(row.label)) continue;
      if (++shown > options_.functions) break;
      const view::Weight& total = row.charge.total;
      std::vector<Cell> cells = {{format_.amount(total.all())},
                                 {format_.amount(total.user), Colour::kUser},
                                 {format_.amount(total.sys), Colour::kSys}};
      if (waits_) cells.push_back({waits.amount(total.wait), Colour::kWait});
      cells.push_back({format_.amount(row.charge.self.all())});
      cells.push_back({format_.share(total.all(), total.samples)});
      cells.push_back(
          {.text = row.label, .colour = Colour::kName, .mark = inline_mark(row.inlined)});
      cells.push_back({place_text(row.module, row.file, row.line), Colour::kFaint});
      table.row(std::move(cells));
    }
    out_ += table.text();
  }

  void notes() {
    const std::vector<std::string> lines = notes_text(run_, event_, overview_.quality);
    if (lines.empty()) return;
    out_ += '\n';
    for (const std::string& note : lines) out_ += wrapped(note, "! ", style_, Colour::kWarning);
  }

  void next() {
    const std::string input =
        options_.profile_path == "profiler.data" ? "" : " -i " + shell_word(options_.profile_path);
    std::vector<std::string> commands;
    const view::Weight& sampled = overview_.sampled;
    const bool waiting = waits_ && waited_.wait > sampled.all();
    if (waiting) commands.push_back("profiler report" + input + " --by wait");
    if (sampled.sys * 4 > sampled.all())
      commands.push_back("profiler report" + input + " --by cause");
    if (options_.counted != nullptr) {
      commands.push_back("profiler syscalls -i " + shell_word(options_.profile_path) +
                         " --callers");
    }
    commands.push_back("profiler report" + input + " --tree");
    if (commands.size() < 2) commands.push_back("profiler report" + input + " --self");
    commands.push_back("profiler flamegraph" + input + (waiting ? " --wall" : ""));
    if (overview_.quality.samples == 0 && !waiting) return;
    out_ += '\n';
    TextLine line(style_);
    line.add("Next:", Colour::kTitle);
    for (const std::string& command : commands) {
      if (line.width() > 6 && line.room() < command.size() + 3) {
        out_ += line.take();
        line.pad_to(5);
      }
      line.add("  ").add(command);
    }
    out_ += line.take();
  }

  void heading(std::string_view text) {
    out_ += '\n';
    out_ += TextLine(style_).add(text, Colour::kTitle).take();
  }

  void add_amount(TextLine& line, std::string_view name, std::uint64_t value, Colour colour,
                  bool as_time) {
    line.add(kIndent).add(name, colour == Colour::kPlain ? Colour::kPlain : colour);
    line.pad_to(kIndent.size() + kNameWidth);
    line.add_right(
        as_time ? fmt::format("{} s", seconds(value, digits())) : format_.amount_with_unit(value),
        kAmountWidth, colour);
  }

  [[nodiscard]] int digits() const {
    const TimeCharged& charged = run_.charged;
    return second_digits(std::max({charged.real_ns.value_or(run_.duration_ns),
                                   charged.user_ns.value_or(0) + charged.sys_ns.value_or(0),
                                   event_.is_time() ? overview_.sampled.all() : std::uint64_t{0}}));
  }

  /// One more row is shown rather than summed up alone as "the rest".
  static std::size_t rows_to_show(std::size_t rows, std::size_t limit) {
    return rows == limit + 1 ? rows : std::min(rows, limit);
  }

  [[nodiscard]] std::size_t bar_width() const {
    constexpr std::size_t kOthers =
        2 + kNameWidth + kAmountWidth + 2 + kShareWidth + 4 + kAmountWidth + kShareWidth + 2;
    return std::clamp<std::size_t>(style_.width > kOthers ? style_.width - kOthers : 0, 8, 48);
  }
  [[nodiscard]] std::size_t sampled_column() const {
    return kIndent.size() * 2 + kNameWidth + kAmountWidth + bar_width() + kShareWidth + 2;
  }

  static constexpr std::size_t kNameWidth = 5;
  static constexpr std::size_t kAmountWidth = 10;
  static constexpr std::size_t kShareWidth = 9;

  const Profile& profile_;
  const Run& run_;
  const EventInfo& event_;
  const view::Overview& overview_;
  const TextStyle& style_;
  const OverviewOptions& options_;
  AmountFormat format_;
  bool waits_;           ///< Waiting was recorded, and can stand beside the event's seconds.
  view::Weight waited_;  ///< By class and by idle threads.
  std::string out_;
};

}  // namespace

std::string overview_text(const Profile& profile, const view::Overview& overview,
                          const TextStyle& style, const OverviewOptions& options) {
  return OverviewWriter(profile, overview, style, options).text();
}

}  // namespace profiler::render
