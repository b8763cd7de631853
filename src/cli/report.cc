// `profiler report`: tables and trees of a profile.
#include "render/report.h"

#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/choice.h"
#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/display.h"
#include "cli/filter_options.h"
#include "cli/load_profile.h"
#include "cli/option_values.h"
#include "cli/output.h"
#include "cli/output_ending.h"
#include "cli/work_line.h"
#include "render/amount.h"
#include "render/report_csv.h"
#include "render/report_json.h"
#include "render/report_text.h"
#include "render/threads_text.h"
#include "render/waits_text.h"
#include "render/wakers.h"
#include "view/call_tree.h"
#include "view/filter.h"
#include "view/function_table.h"
#include "view/group_table.h"
#include "view/table.h"
#include "view/thread_times.h"
#include "view/wait_ledger.h"
#include "view/waker_ledger.h"

namespace profiler::cli {
namespace {

using render::RowsOf;

enum class Format : std::uint8_t { kText, kJson, kCsv };
enum class Shape : std::uint8_t { kTable, kCauses, kWaits, kWakers, kTree };

/// What was asked for, checked.
struct ReportOptions {
  Format format = Format::kText;
  Shape shape = Shape::kTable;
  render::RowsOf rows = render::RowsOf::kFunctions;
  bool grouping_given = false;
  bool inverted = false;
  bool sys_only = false;
  bool schedule = false;
  bool kernel_frames = false;
  bool merge_recursion = false;
  view::SortKey sort = view::SortKey::kTotal;
  std::optional<std::size_t> limit;
  double min_share = 0.5;
};

constexpr std::array<Choice<Format>, 3> kFormats = {
    {{"text", Format::kText}, {"json", Format::kJson}, {"csv", Format::kCsv}}};
struct Grouping {
  Shape shape = Shape::kTable;
  render::RowsOf rows = render::RowsOf::kFunctions;
};
constexpr std::array<Choice<Grouping>, 8> kGroupings = {
    {{"function", {Shape::kTable, render::RowsOf::kFunctions}},
     {"module", {Shape::kTable, render::RowsOf::kModules}},
     {"process", {Shape::kTable, render::RowsOf::kProcesses}},
     {"thread", {Shape::kTable, render::RowsOf::kThreads}},
     {"line", {Shape::kTable, render::RowsOf::kLines}},
     {"cause", {.shape = Shape::kCauses}},
     {"wait", {.shape = Shape::kWaits}},
     {"waker", {.shape = Shape::kWakers}}}};
constexpr std::array<Choice<view::SortKey>, 7> kSortKeys = {{{"total", view::SortKey::kTotal},
                                                             {"self", view::SortKey::kSelf},
                                                             {"user", view::SortKey::kUser},
                                                             {"sys", view::SortKey::kSys},
                                                             {"wait", view::SortKey::kWait},
                                                             {"name", view::SortKey::kName},
                                                             {"samples", view::SortKey::kSamples}}};

CommandLine command_line() {
  CommandLine line(
      {.name = "report",
       .usage = "[OPTIONS] [-i FILE]",
       .summary = "Tables and trees of a recording, each second split into user, sys and wait",
       .examples = {{"profiler report --wait --by wait", "what it waited for, and where"},
                    {"profiler report --tree --filter process=cc1plus", "top-down, one program"}}});
  line.basic().add_options()  //
      ("input,i", po::value<std::string>()->value_name("FILE"), "profile to read (profiler.data)")(
          "by", po::value<std::string>()->value_name("WHAT"),
          "function, module, process, thread, line, cause, wait or waker")(
          "self", po::bool_switch(), "what costs most itself first, not with all it called")(
          "tree", po::bool_switch(), "top-down: each function with what it called")(
          "callers", po::bool_switch(), "bottom-up: each function with who called it");
  add_filter_options(line);
  add_wait_option(line);
  add_symbol_options(line);
  line.basic().add_options()  //
      ("sort", po::value<std::string>()->value_name("KEY"),
       "total, self, user, sys, wait, name or samples")(
          "limit", po::value<std::string>()->value_name("N"),
          "most rows to show (40 in text tables); 0 shows all")(
          "sched", po::bool_switch(), "how each thread was scheduled: switches, delays")(
          "kernel-frames", po::bool_switch(), "the kernel's functions, not one row a system call")(
          "format", po::value<std::string>()->value_name("FORMAT"), "text, json or csv")(
          "output,o", po::value<std::string>()->value_name("FILE"),
          "file to write; - is standard output");
  add_event_option(line);
  line.advanced().add_options()  //
      ("min-share", po::value<std::string>()->value_name("PERCENT"),
       "branches of a text tree below this are left out (0.5)")(
          "merge-recursion", po::bool_switch(),
          "in trees, a function that calls itself is one node");
  add_display_options(line);
  return line;
}

Result<double> parse_percent(std::string_view option, const std::string& text) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error == std::errc() && stop == end && value >= 0 && value <= 100) return value;
  return std::unexpected(Error{.what = std::string(option) + ": '" + text + "' is no percentage",
                               .advice = "give a number from 0 to 100"});
}

/// Tree or table, and of what.
Result<void> parse_shape(const ParsedOptions& given, ReportOptions& options) {
  const bool tree = given.flag("tree");
  const bool callers = given.flag("callers");
  options.grouping_given = given.has("by");
  if ((tree && callers) || ((tree || callers) && options.grouping_given)) {
    return std::unexpected(Error{.what = "--by, --tree and --callers exclude each other",
                                 .advice = "give one of them"});
  }
  if (tree || callers) {
    options.shape = Shape::kTree;
    options.inverted = callers;
  }
  // The summary of the scheduler has no other form.
  options.schedule = given.flag("sched");
  const auto what =
      given.get<std::string>("by", options.schedule && !tree && !callers ? "thread" : "function");
  const auto grouping = choose("--by", what, kGroupings);
  if (!grouping) return std::unexpected(grouping.error());
  options.rows = grouping->rows;
  if (!tree && !callers) options.shape = grouping->shape;
  if (options.schedule && (options.shape != Shape::kTable || options.rows != RowsOf::kThreads)) {
    return std::unexpected(
        Error{.what = "--sched is of threads", .advice = "leave --by, --tree and --callers out"});
  }
  options.grouping_given |= options.schedule;
  return {};
}

Result<ReportOptions> report_options(const ParsedOptions& given) {
  ReportOptions options;
  options.sys_only = given.flag("sys");
  options.kernel_frames = given.flag("kernel-frames");
  options.merge_recursion = given.flag("merge-recursion");
  if (auto shape = parse_shape(given, options); !shape) return std::unexpected(shape.error());
  const auto wanted = wanted_format(given);
  if (!wanted) return std::unexpected(wanted.error());
  const auto format = choose("--format", *wanted, kFormats);
  if (!format) return std::unexpected(format.error());
  options.format = *format;
  // Of lines, those that call the rest of the program say least.
  if (given.flag("self") || options.rows == render::RowsOf::kLines)
    options.sort = view::SortKey::kSelf;
  if (given.flag("wait") && !given.flag("self")) options.sort = view::SortKey::kWait;
  if (given.has("sort")) {
    const auto key = choose("--sort", given.get<std::string>("sort"), kSortKeys);
    if (!key) return std::unexpected(key.error());
    options.sort = *key;
  }
  if (given.has("limit")) {
    const auto limit = parse_number("--limit", given.get<std::string>("limit"));
    if (!limit) return std::unexpected(limit.error());
    options.limit = *limit;
  }
  if (given.has("min-share")) {
    const auto share = parse_percent("--min-share", given.get<std::string>("min-share"));
    if (!share) return std::unexpected(share.error());
    options.min_share = *share;
  }
  return options;
}

view::Table make_table(const Profile& profile, const std::vector<const Sample*>& samples,
                       const ReportOptions& options) {
  const view::TableOptions how = {.kernel_frames = options.kernel_frames};
  switch (options.rows) {
    case render::RowsOf::kFunctions:
      return view::function_table(profile, samples, how);
    case render::RowsOf::kModules:
      return view::group_table(profile, samples, view::GroupBy::kModule, how);
    case render::RowsOf::kProcesses:
      return view::group_table(profile, samples, view::GroupBy::kProcess, how);
    case render::RowsOf::kThreads:
      return view::group_table(profile, samples, view::GroupBy::kThread, how);
    case render::RowsOf::kLines:
      return view::group_table(profile, samples, view::GroupBy::kLine, how);
  }
  return {};
}

std::string render_tables(const render::ReportHead& head, view::Table table,
                          const ReportOptions& options, const render::TextStyle& style) {
  view::sort_table(table, options.sort);
  if (options.format == Format::kText && options.rows == RowsOf::kThreads && !head.waits_only &&
      render::has_thread_times(table)) {
    const std::size_t limit = options.limit.value_or(40);
    return options.schedule ? render::schedule_text(head, table, limit, style)
                            : render::threads_text(head, table, limit, style);
  }
  if (options.format == Format::kText) {
    return render::table_text(head, table,
                              {.rows = options.rows,
                               .sys_only = options.sys_only,
                               .wait_first = options.sort == view::SortKey::kWait,
                               .self_first = options.sort == view::SortKey::kSelf,
                               .limit = options.limit.value_or(40)},
                              style);
  }
  if (options.limit.value_or(0) != 0 && *options.limit < table.size()) table.resize(*options.limit);
  if (options.format == Format::kCsv) return render::table_csv(head, table, options.rows);
  return render::table_json(head, table, options.rows,
                            options.grouping_given ? "rows" : "functions");
}

std::string render_causes(render::ReportHead& head, const ReportOptions& options,
                          const render::TextStyle& style) {
  view::sort_causes(head.causes, options.sort);
  switch (options.format) {
    case Format::kText:
      return render::causes_text(head, options.limit.value_or(40), style);
    case Format::kJson:
      return render::causes_json(head, options.limit.value_or(0));
    case Format::kCsv:
      return render::causes_csv(head, options.limit.value_or(0));
  }
  return {};
}

std::string render_waits(render::ReportHead& head, const ReportOptions& options,
                         const render::TextStyle& style) {
  view::sort_waits(head.waits, options.sort);
  switch (options.format) {
    case Format::kText:
      return render::waits_text(head, options.limit.value_or(40), style);
    case Format::kJson:
      return render::waits_json(head, options.limit.value_or(0));
    case Format::kCsv:
      return render::waits_csv(head, options.limit.value_or(0));
  }
  return {};
}

std::string render_wakers(const render::ReportHead& head, const view::Filter& filter,
                          const ReportOptions& options, const render::TextStyle& style) {
  const auto rows = view::waker_ledger(*head.profile, filter);
  switch (options.format) {
    case Format::kText:
      return render::wakers_text(head, rows, options.limit.value_or(40), style);
    case Format::kJson:
      return render::wakers_json(rows, options.limit.value_or(0));
    case Format::kCsv:
      return render::wakers_csv(rows, options.limit.value_or(0));
  }
  return {};
}

std::string render_tree(const render::ReportHead& head, const std::vector<const Sample*>& samples,
                        const ReportOptions& options, const render::TextStyle& style) {
  const bool is_few = head.sampled.samples < render::kFewSamples;
  view::CallTree tree = view::call_tree(
      *head.profile, samples,
      {.path = {.kernel_frames = options.kernel_frames, .merge_recursion = options.merge_recursion},
       .inverted = options.inverted,
       .min_share = options.format == Format::kText && !is_few ? options.min_share : 0});
  if (options.sort != view::SortKey::kTotal) view::sort_children(*head.profile, tree, options.sort);
  switch (options.format) {
    case Format::kText:
      return render::tree_text(head, tree,
                               {.inverted = options.inverted,
                                .min_share = options.min_share,
                                .limit = options.limit.value_or(0)},
                               style);
    case Format::kJson:
      return render::tree_json(head, tree);
    case Format::kCsv:
      return render::tree_csv(head, tree);
  }
  return {};
}

/// What was asked for that a recording without waits does not have.
Result<void> check_needs_waits(const ReportOptions& options, const view::Selection& selection) {
  const std::string what = options.shape == Shape::kWaits         ? "--by wait"
                           : options.shape == Shape::kWakers      ? "--by waker"
                           : options.schedule                     ? "--sched"
                           : options.sort == view::SortKey::kWait ? "--sort wait"
                                                                  : "";
  if (what.empty() || selection.has_waits) return {};
  return std::unexpected(Error{.what = what + ": this recording has no waits to show",
                               .advice = "profiler record --wait takes them too"});
}

}  // namespace

int report_command(std::span<const std::string> args) {
  const CommandLine line = command_line();
  const auto given = line.parse(args);
  if (!given) return given.error();
  auto filter = filter_of(*given);
  if (!filter) return line.fail(filter.error());
  const auto options = report_options(*given);
  if (!options) return line.fail(options.error());
  const auto output = given->get<std::string>("output", "-");
  const auto display = display_of(*given, output);
  if (!display) return line.fail(display.error());

  const auto input = given->get<std::string>("input", "profiler.data");
  const auto profile = load_profile(input, symbol_sources(*given));
  if (!profile) return line.fail(profile.error());
  if (options->format != Format::kText) complain_of_damage(input, profile->run);
  if (const auto event = choose_event(*given, *profile, *filter); !event)
    return line.fail(event.error());
  std::optional<WorkLine> working(std::in_place, "making the report");
  const view::Selection selection = view::select_with_waits(*profile, *filter);
  if (const auto waits = check_waits(*filter, selection, *profile); !waits)
    return line.fail(waits.error());
  if (const auto known = check_needs_waits(*options, selection); !known)
    return line.fail(known.error());
  const std::vector<const Sample*>& samples = selection.samples;
  render::ReportHead head = render::report_head(*profile, samples, filter->event);
  head.waits_only = filter->wait_only || filter->wait != WaitClass::kNone;
  head.selection = describe_filter(*given);

  const render::TextStyle style{.width = display->width, .colour = display->color};
  std::string text;
  switch (options->shape) {
    case Shape::kTable: {
      view::Table table = make_table(*profile, samples, *options);
      if (options->rows == RowsOf::kThreads && selection.has_waits)
        view::add_thread_times(*profile, *filter, table);
      text = render_tables(head, std::move(table), *options, style);
      break;
    }
    case Shape::kCauses:
      text = render_causes(head, *options, style);
      break;
    case Shape::kWaits:
      text = render_waits(head, *options, style);
      break;
    case Shape::kWakers:
      text = render_wakers(head, *filter, *options, style);
      break;
    case Shape::kTree:
      text = render_tree(head, samples, *options, style);
      break;
  }
  working.reset();
  const Paging paging = options->format == Format::kText ? display->paging : Paging::kNever;
  const auto written = write_output(output, text, Content::kText, paging);
  return written ? 0 : line.fail(written.error());
}

}  // namespace profiler::cli
