// `profiler diff`: two recordings compared.
#include "view/diff.h"

#include <array>
#include <optional>
#include <string>
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
#include "cli/work_line.h"
#include "render/diff_flamegraph.h"
#include "render/diff_json.h"
#include "render/diff_report.h"
#include "render/diff_text.h"
#include "render/html.h"
#include "render/run_text.h"
#include "view/diff_tree.h"
#include "view/filter.h"

namespace profiler::cli {
namespace {

using render::RowsOf;

enum class Format : std::uint8_t { kText, kJson, kSvg, kHtml };

constexpr std::array<Choice<Format>, 2> kFormats = {
    {{"text", Format::kText}, {"json", Format::kJson}}};
constexpr std::array<Choice<view::Normalize>, 2> kNormalizations = {
    {{"cpu", view::Normalize::kCpuTime}, {"none", view::Normalize::kNone}}};
constexpr std::array<Choice<view::DiffKey>, 6> kSortKeys = {{{"total", view::DiffKey::kTotal},
                                                             {"self", view::DiffKey::kSelf},
                                                             {"user", view::DiffKey::kUser},
                                                             {"sys", view::DiffKey::kSys},
                                                             {"wait", view::DiffKey::kWait},
                                                             {"name", view::DiffKey::kName}}};
struct Grouping {
  std::optional<RowsOf> rows = {};  ///< None: causes.
  std::optional<view::GroupBy> by = {};
};
constexpr std::array<Choice<Grouping>, 6> kGroupings = {
    {{"function", {.rows = RowsOf::kFunctions}},
     {"module", {.rows = RowsOf::kModules, .by = view::GroupBy::kModule}},
     {"process", {.rows = RowsOf::kProcesses, .by = view::GroupBy::kProcess}},
     {"thread", {.rows = RowsOf::kThreads, .by = view::GroupBy::kThread}},
     {"line", {.rows = RowsOf::kLines, .by = view::GroupBy::kLine}},
     {"cause", {}}}};

/// What was asked for, checked.
struct Options {
  Format format = Format::kText;
  Grouping grouping;
  bool grouping_given = false;
  view::DiffOptions diff;
  render::DiffTextOptions text;
  std::optional<std::size_t> limit;
  bool gone = false;
};

/// A recording, and what of it is compared. Stays where it is: others point into it.
struct Side {
  std::string path;
  Profile profile;
  view::Filter filter;
  view::Selection selection;

  [[nodiscard]] const EventInfo& event() const { return render::main_event(profile, filter.event); }
};

CommandLine command_line() {
  CommandLine line(
      {.name = "diff",
       .usage = "[OPTIONS] OLD NEW",
       .summary = "Compares two recordings: what became slower or faster by more than chance",
       .examples = {{"profiler diff profiler.data.old profiler.data", "the last run with this one"},
                    {"profiler diff a.data b.data --self", "which changed themselves"},
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
          "format", po::value<std::string>()->value_name("FORMAT"), "text or json")(
          "output,o", po::value<std::string>()->value_name("FILE"),
          "file to write; FILE.svg: a differential flame graph, FILE.html: a page")(
          "gone", po::bool_switch(), "in the flame graph, widths and frames as in OLD");
  add_event_option(line);
  line.advanced().add_options()  //
      ("title", po::value<std::string>()->value_name("TEXT"), "of the flame graph");
  add_symbol_options(line);
  add_display_options(line);
  return line;
}

Result<Options> options_of(const ParsedOptions& given) {
  Options options;
  const auto output = given.get<std::string>("output", "-");
  const auto format = choose("--format", given.get<std::string>("format", "text"), kFormats);
  if (!format) return std::unexpected(format.error());
  options.format = *format;
  if (!given.has("format")) {
    if (output.ends_with(".svg")) options.format = Format::kSvg;
    if (output.ends_with(".html")) options.format = Format::kHtml;
  }
  options.gone = given.flag("gone");
  if (options.gone && options.format != Format::kSvg) {
    return std::unexpected(
        Error{.what = "--gone is of flame graphs", .advice = "name one: -o FILE.svg"});
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

/// The error says of which of the two it is.
std::unexpected<Error> failure(const std::string& path, const Error& error) {
  return std::unexpected(Error{.what = path + ": " + error.what, .advice = error.advice});
}

Result<void> load(const ParsedOptions& given, const std::string& path, Side& side) {
  auto profile = load_profile(path, symbol_sources(given));
  if (!profile) return std::unexpected(profile.error());
  side.path = path;
  side.profile = std::move(*profile);
  auto filter = filter_of(given);
  if (!filter) return std::unexpected(filter.error());
  side.filter = std::move(*filter);
  const auto event = choose_event(given, side.profile, side.filter);
  if (!event) return failure(path, event.error());
  side.selection = view::select_with_waits(side.profile, side.filter);
  const auto waits = check_waits(side.filter, side.selection, side.profile);
  if (!waits) return failure(path, waits.error());
  return {};
}

/// What the two were sampled by has to be the same, or at least time.
Result<void> check_events(const Side& before, const Side& after, const Options& options) {
  const EventInfo& was = before.event();
  const EventInfo& is = after.event();
  if (was.name == is.name && was.unit == is.unit) return {};
  if (!was.is_time() || !is.is_time()) {
    return std::unexpected(Error{.what = "cannot compare " + was.name + " of " + before.path +
                                         " with " + is.name + " of " + after.path,
                                 .advice = "choose an event that both have with --event"});
  }
  if (options.diff.normalize == view::Normalize::kNone) {
    return std::unexpected(Error{.what = "seconds by " + was.name + " are none by " + is.name,
                                 .advice = "only shares can be compared: leave --normalize out"});
  }
  return {};
}

Result<void> check_sort(const Options& options) {
  if (options.text.key != view::DiffKey::kWait || options.diff.waits) return {};
  return std::unexpected(Error{.what = "--sort wait: not both recordings have waits to compare",
                               .advice = "profiler record --wait takes them too"});
}

bool is_of_waits(const Side& side) {
  return side.filter.wait_only || side.filter.wait != WaitClass::kNone;
}

/// What is compared: waits only where both recordings have them, and waiting for a CPU, which is
/// other programs' doing as a rule, only where waits were asked for.
std::vector<const Sample*> samples_of(const Side& side, bool with_waits) {
  if (!with_waits) return view::select(side.profile, side.filter);
  std::vector<const Sample*> samples = side.selection.samples;
  if (!is_of_waits(side)) {
    std::erase_if(samples, [](const Sample* sample) {
      return sample->mode == Mode::kWait && sample->wait == WaitClass::kRunnable;
    });
  }
  return samples;
}

std::string picture(const ParsedOptions& given, const Side& before, const Side& after,
                    const Options& options) {
  // Time on the CPU and off it have no common scale: one of them, as asked for.
  const bool waits_only = is_of_waits(after);
  const std::vector<const Sample*> was = samples_of(before, waits_only);
  const std::vector<const Sample*> is = samples_of(after, waits_only);
  const view::DiffSide old_side{.profile = before.profile, .samples = was};
  const view::DiffSide new_side{.profile = after.profile, .samples = is};
  const view::JoinedProfile joined = options.gone ? view::join_profiles(new_side, old_side)
                                                  : view::join_profiles(old_side, new_side);
  view::DiffOptions how = options.diff;
  how.waits = waits_only;
  const view::DiffTree tree = view::diff_tree(
      joined, how, {.kernel_frames = options.diff.kernel_frames, .wait_nodes = true});
  return render::diff_flamegraph(joined.profile, tree,
                                 {.title = given.get<std::string>("title"),
                                  .old_path = before.path,
                                  .new_path = after.path,
                                  .selection = describe_filter(given),
                                  .same_event = before.event().name == after.event().name,
                                  .event = (options.gone ? before : after).filter.event,
                                  .gone = options.gone});
}

std::string page(const ParsedOptions& given, const Side& before, const Side& after,
                 const Options& options) {
  const std::vector<const Sample*> was = samples_of(before, options.diff.waits);
  const std::vector<const Sample*> is = samples_of(after, options.diff.waits);
  const view::JoinedProfile joined = view::join_profiles(
      {.profile = before.profile, .samples = was}, {.profile = after.profile, .samples = is});
  view::Selection selection;
  selection.samples = joined.after();
  selection.has_waits = options.diff.waits;
  const std::vector<const Sample*> old_samples = joined.before();
  const render::HtmlComparison comparison{
      .old_path = before.path,
      .new_path = after.path,
      .before = old_samples,
      .totals = view::diff_totals(joined, options.diff),
      .critical = view::compare_functions(joined, options.diff).critical,
      .same_event = before.event().name == after.event().name,
      .charged = before.profile.run.charged};
  std::string text;
  const auto title = given.get<std::string>("title");
  render::html(joined.profile, selection,
               {.title = title.empty() ? before.path + " → " + after.path : title,
                .selection = describe_filter(given),
                .event = after.filter.event,
                .comparison = &comparison},
               [&](std::string_view bytes) { text += bytes; });
  return text;
}

std::string table(const ParsedOptions& given, const Side& before, const Side& after,
                  const Options& options, const Display& display) {
  const std::vector<const Sample*> was = samples_of(before, options.diff.waits);
  const std::vector<const Sample*> is = samples_of(after, options.diff.waits);
  const view::JoinedProfile joined = view::join_profiles(
      {.profile = before.profile, .samples = was}, {.profile = after.profile, .samples = is});
  const Grouping& grouping = options.grouping;
  view::Diff diff = !grouping.rows ? view::compare_causes(joined, options.diff)
                    : grouping.by  ? view::compare_groups(joined, *grouping.by, options.diff)
                                   : view::compare_functions(joined, options.diff);
  view::sort_diff(diff, options.text.key);
  const auto side = [](const Side& from) {
    return render::DiffReport::Side{.path = from.path,
                                    .profile = &from.profile,
                                    .event = &from.event(),
                                    .has_waits = from.selection.has_waits};
  };
  const render::DiffReport report{.before = side(before),
                                  .after = side(after),
                                  .diff = &diff,
                                  .rows = grouping.rows.value_or(RowsOf::kFunctions),
                                  .causes_only = !grouping.rows,
                                  .grouped = options.grouping_given,
                                  .waits_only = is_of_waits(after),
                                  .selection = describe_filter(given)};
  if (options.format == Format::kJson) return render::diff_json(report, options.limit.value_or(0));
  return render::diff_text(report, options.text, {.width = display.width, .colour = display.color});
}

}  // namespace

int diff_command(std::span<const std::string> args) {
  const CommandLine line = command_line();
  const auto given = line.parse(args);
  if (!given) return given.error();
  const std::vector<std::string>& files = given->operands();
  if (files.size() != 2) {
    return line.fail({.what = "two recordings are compared, not " + std::to_string(files.size()),
                      .advice = "profiler diff OLD NEW"});
  }
  auto options = options_of(*given);
  if (!options) return line.fail(options.error());
  const auto output = given->get<std::string>("output", "-");
  const auto display = display_of(*given, output);
  if (!display) return line.fail(display.error());

  Side before;
  Side after;
  if (auto loaded = load(*given, files[0], before); !loaded) return line.fail(loaded.error());
  if (auto loaded = load(*given, files[1], after); !loaded) return line.fail(loaded.error());
  if (auto checked = check_events(before, after, *options); !checked)
    return line.fail(checked.error());
  options->diff.waits = before.selection.has_waits && after.selection.has_waits;
  if (auto checked = check_sort(*options); !checked) return line.fail(checked.error());

  const bool is_text = options->format == Format::kText;
  if (!is_text) {
    complain_of_damage(before.path, before.profile.run);
    complain_of_damage(after.path, after.profile.run);
  }
  std::optional<WorkLine> working(std::in_place, "comparing", WorkLine::may_stand_beside(output));
  const std::string text =
      options->format == Format::kSvg    ? picture(*given, before, after, *options)
      : options->format == Format::kHtml ? page(*given, before, after, *options)
                                         : table(*given, before, after, *options, *display);
  working.reset();
  const auto written =
      write_output(output, text, Content::kText, is_text ? display->paging : Paging::kNever);
  return written ? 0 : line.fail(written.error());
}

}  // namespace profiler::cli
