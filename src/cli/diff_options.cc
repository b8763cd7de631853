#include "cli/diff_options.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <string_view>

#include "cli/choice.h"
#include "cli/display.h"
#include "cli/filter_options.h"
#include "cli/option_values.h"
#include "cli/output_ending.h"
#include "cli/symbol_options.h"

namespace profiler::cli {
namespace {

using render::RowsOf;

constexpr std::array<Choice<DiffFormat>, 4> kFormats = {{{"text", DiffFormat::kText},
                                                         {"json", DiffFormat::kJson},
                                                         {"svg", DiffFormat::kSvg},
                                                         {"html", DiffFormat::kHtml}}};
constexpr std::array<Choice<DiffFormat>, 6> kEndings = {{{"txt", DiffFormat::kText},
                                                         {"json", DiffFormat::kJson},
                                                         {"svg", DiffFormat::kSvg},
                                                         {"svgz", DiffFormat::kSvg},
                                                         {"html", DiffFormat::kHtml},
                                                         {"htm", DiffFormat::kHtml}}};
constexpr std::array<Choice<view::Normalize>, 2> kNormalizations = {
    {{"cpu", view::Normalize::kCpuTime}, {"none", view::Normalize::kNone}}};
constexpr std::array<Choice<view::DiffKey>, 6> kSortKeys = {{{"total", view::DiffKey::kTotal},
                                                             {"self", view::DiffKey::kSelf},
                                                             {"user", view::DiffKey::kUser},
                                                             {"sys", view::DiffKey::kSys},
                                                             {"wait", view::DiffKey::kWait},
                                                             {"name", view::DiffKey::kName}}};
constexpr std::array<Choice<DiffGrouping>, 6> kGroupings = {
    {{"function", {.rows = RowsOf::kFunctions}},
     {"module", {.rows = RowsOf::kModules, .by = view::GroupBy::kModule}},
     {"process", {.rows = RowsOf::kProcesses, .by = view::GroupBy::kProcess}},
     {"thread", {.rows = RowsOf::kThreads, .by = view::GroupBy::kThread}},
     {"line", {.rows = RowsOf::kLines, .by = view::GroupBy::kLine}},
     {"cause", {}}}};

/// As --format or the file's name says; they must not say different things.
Result<DiffFormat> format_of(const ParsedOptions& given) {
  const auto output = given.get<std::string>("output", "-");
  const std::string ending = ending_of(output);
  const auto* const known = std::ranges::find(kEndings, ending, &Choice<DiffFormat>::name);
  if (given.has("format")) {
    const auto word = given.get<std::string>("format");
    const auto format = choose("--format", word, kFormats);
    if (format && known != kEndings.end() && known->value != *format) {
      return std::unexpected(Error{.what = "--format " + word + " contradicts the name " + output,
                                   .advice = "leave --format out, or name the file otherwise"});
    }
    return format;
  }
  if (known != kEndings.end()) return known->value;
  if (!maker_of(ending) && ending != "csv") return DiffFormat::kText;
  return std::unexpected(
      Error{.what = output + ": there is no comparison as ." + ending,
            .advice = "name it .txt, .json, .svg or .html, or say what it is with --format"});
}

/// Options that say how tables look say nothing of pictures and pages, and the other way round.
Result<void> check_meant(const ParsedOptions& given, DiffFormat format) {
  const bool is_page = format == DiffFormat::kHtml;
  if (format == DiffFormat::kText || format == DiffFormat::kJson) {
    for (const char* const option : {"gone", "title"}) {
      if (!given.has(option) || (std::string_view(option) == "gone" && !given.flag(option)))
        continue;
      const bool gone = std::string_view(option) == "gone";
      return std::unexpected(Error{
          .what = std::string("--") + option + " is of flame graphs" + (gone ? "" : " and pages"),
          .advice = gone ? "name one: -o FILE.svg" : "name one: -o FILE.svg or FILE.html"});
    }
    return {};
  }
  if (is_page && given.flag("gone")) {
    return std::unexpected(
        Error{.what = "--gone is of flame graphs",
              .advice = "leave it out: 'widths before' shows what is gone in a page"});
  }
  if (is_page && given.flag("kernel-frames")) {
    return std::unexpected(Error{.what = "--kernel-frames is of tables and flame graphs",
                                 .advice = "leave it out: 'kernel frames' shows them in a page"});
  }
  const std::string advice =
      is_page ? "leave it out: a page has all functions and causes, sorted by a click"
              : "leave it out: a flame graph has all functions";
  for (const char* const option : {"by", "sort", "limit", "self", "all"}) {
    const std::string_view name(option);
    const bool is_flag = name == "self" || name == "all";
    if (is_flag ? !given.flag(option) : !given.has(option)) continue;
    if (name == "by" && given.get<std::string>(option) == "function") continue;
    return std::unexpected(Error{.what = "--" + std::string(name) + " is of tables as text or JSON",
                                 .advice = advice});
  }
  return {};
}

Result<double> parse_percent(const std::string& option, const std::string& text) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  const bool is_whole = stop == end || std::string_view(stop, end) == "%";
  if (error == std::errc() && is_whole && value >= 0) return value;
  return std::unexpected(
      Error{.what = option + ": '" + text + "' is no percentage", .advice = "give one such as 5"});
}

}  // namespace

CommandLine diff_command_line() {
  CommandLine line(
      {.name = "diff",
       .usage = "[OPTIONS] OLD NEW",
       .summary = "Compares two recordings: what changed by more than chance",
       .examples = {{"profiler diff profiler.data.old profiler.data", "the last run with this one"},
                    {"profiler diff a.data b.data --normalize none", "of equal work"},
                    {"profiler diff a.data b.data -o diff.html", "as a page, with a flame graph"}},
       .operands = Operands::kFiles});
  line.basic().add_options()  //
      ("by", po::value<std::string>()->value_name("WHAT"),
       "function, module, process, thread, line or cause")(
          "self", po::bool_switch(), "what changed most itself first, not with all it called")(
          "normalize", po::value<std::string>()->value_name("HOW"),
          "none: seconds as measured, not shares of CPU time");
  add_filter_options(line);
  add_wait_option(line);
  line.basic().add_options()  //
      ("sort", po::value<std::string>()->value_name("KEY"),
       "change of total, self, user, sys or wait; or name")(
          "limit", po::value<std::string>()->value_name("N"),
          "most rows to show (40 in text tables); 0 shows all")(
          "all", po::bool_switch(), "rows that changed by no more than chance too")(
          "kernel-frames", po::bool_switch(), "the kernel's functions, not one row a system call")(
          "format", po::value<std::string>()->value_name("FORMAT"), "text, json, svg or html")(
          "output,o", po::value<std::string>()->value_name("FILE"),
          "FILE.txt, .json, .svg (flame graph) or .html (page)")(
          "gone", po::bool_switch(), "in the flame graph, widths and frames as in OLD");
  add_event_option(line);
  line.advanced().add_options()  //
      ("fail-above", po::value<std::string>()->value_name("PERCENT"),
       "exit status 1 if CPU time grew by more than that, and by more than chance")(
          "title", po::value<std::string>()->value_name("TEXT"), "of the flame graph or page");
  add_symbol_options(line);
  add_display_options(line);
  return line;
}

Result<DiffCommandOptions> diff_options_of(const ParsedOptions& given) {
  DiffCommandOptions options;
  const auto format = format_of(given);
  if (!format) return std::unexpected(format.error());
  options.format = *format;
  if (auto meant = check_meant(given, *format); !meant) return std::unexpected(meant.error());
  options.gone = given.flag("gone");
  if (given.has("fail-above")) {
    const auto percent = parse_percent("--fail-above", given.get<std::string>("fail-above"));
    if (!percent) return std::unexpected(percent.error());
    options.fail_above = *percent;
  }

  const auto grouping = choose("--by", given.get<std::string>("by", "function"), kGroupings);
  if (!grouping) return std::unexpected(grouping.error());
  options.grouping = *grouping;
  options.grouping_given = given.has("by");
  const auto normalize =
      choose("--normalize", given.get<std::string>("normalize", "cpu"), kNormalizations);
  if (!normalize) return std::unexpected(normalize.error());
  options.diff.normalize = *normalize;
  options.diff.kernel_frames = given.flag("kernel-frames");

  // Of lines, those that call the rest of the program say least.
  if (given.flag("self") || grouping->rows == RowsOf::kLines)
    options.text.key = view::DiffKey::kSelf;
  if (given.flag("wait")) options.text.key = view::DiffKey::kWait;
  if (given.has("sort")) {
    const auto key = choose("--sort", given.get<std::string>("sort"), kSortKeys);
    if (!key) return std::unexpected(key.error());
    options.text.key = *key;
  }
  options.text.all = given.flag("all");
  if (given.has("limit")) {
    const auto limit = parse_number("--limit", given.get<std::string>("limit"));
    if (!limit) return std::unexpected(limit.error());
    options.limit = *limit;
    options.text.limit = *limit;
  }
  return options;
}

}  // namespace profiler::cli
