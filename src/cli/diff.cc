// `profiler diff`: two recordings compared.
#include "view/diff.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/diff_options.h"
#include "cli/display.h"
#include "cli/filter_options.h"
#include "cli/load_profile.h"
#include "cli/output.h"
#include "cli/version.h"
#include "cli/work_line.h"
#include "render/diff_flamegraph.h"
#include "render/diff_json.h"
#include "render/diff_report.h"
#include "render/diff_sentence.h"
#include "render/diff_text.h"
#include "render/html.h"
#include "render/run_text.h"
#include "view/diff_summary.h"
#include "view/diff_tree.h"
#include "view/filter.h"

namespace profiler::cli {
namespace {

using render::RowsOf;

/// A recording, and what of it is compared. Stays where it is: others point into it.
struct Side {
  std::string path;
  Profile profile;
  view::Filter filter;
  view::Selection selection;

  [[nodiscard]] const EventInfo& event() const { return render::main_event(profile, filter.event); }
};

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
Result<void> check_events(const Side& before, const Side& after,
                          const DiffCommandOptions& options) {
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

Result<void> check_sort(const DiffCommandOptions& options) {
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
                    const DiffCommandOptions& options) {
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

view::JoinedProfile join(const Side& before, const Side& after, const DiffCommandOptions& options) {
  const std::vector<const Sample*> was = samples_of(before, options.diff.waits);
  const std::vector<const Sample*> is = samples_of(after, options.diff.waits);
  return view::join_profiles({.profile = before.profile, .samples = was},
                             {.profile = after.profile, .samples = is});
}

/// Of functions; `diff` outlives it.
render::DiffReport report_of(const ParsedOptions& given, const Side& before, const Side& after,
                             const view::Diff& diff) {
  const auto side = [](const Side& from) {
    return render::DiffReport::Side{.path = from.path,
                                    .profile = &from.profile,
                                    .event = &from.event(),
                                    .has_waits = from.selection.has_waits};
  };
  return {.before = side(before),
          .after = side(after),
          .diff = &diff,
          .waits_only = is_of_waits(after),
          .selection = describe_filter(given)};
}

std::string page(const ParsedOptions& given, const Side& before, const Side& after,
                 const DiffCommandOptions& options) {
  const view::JoinedProfile joined = join(before, after, options);
  const view::Diff diff = view::compare_functions(joined, options.diff);
  const render::DiffReport report = report_of(given, before, after, diff);
  view::Selection selection;
  selection.samples = joined.after();
  selection.has_waits = options.diff.waits;
  const std::vector<const Sample*> old_samples = joined.before();
  const render::HtmlComparison comparison{.report = report, .before = old_samples};
  std::string text;
  const auto title = given.get<std::string>("title");
  render::html(joined.profile, selection,
               {.title = title.empty() ? before.path + " → " + after.path : title,
                .selection = report.selection,
                .event = after.filter.event,
                .comparison = &comparison,
                .version = kVersion},
               [&](std::string_view bytes) { text += bytes; });
  return text;
}

std::string table(const ParsedOptions& given, const Side& before, const Side& after,
                  const DiffCommandOptions& options, const Display& display) {
  const view::JoinedProfile joined = join(before, after, options);
  const DiffGrouping& grouping = options.grouping;
  view::Diff diff = !grouping.rows ? view::compare_causes(joined, options.diff)
                    : grouping.by  ? view::compare_groups(joined, *grouping.by, options.diff)
                                   : view::compare_functions(joined, options.diff);
  view::sort_diff(diff, options.text.key);
  render::DiffReport report = report_of(given, before, after, diff);
  report.rows = grouping.rows.value_or(RowsOf::kFunctions);
  report.causes_only = !grouping.rows;
  report.grouped = options.grouping_given;
  if (options.format == DiffFormat::kJson)
    return render::diff_json(report, options.limit.value_or(0));
  return render::diff_text(report, options.text, {.width = display.width, .colour = display.color});
}

/// Fails where time grew by more than is allowed.
Result<void> check_growth(const ParsedOptions& given, const Side& before, const Side& after,
                          const DiffCommandOptions& options) {
  const view::JoinedProfile joined = join(before, after, options);
  const view::Diff diff = view::compare_functions(joined, options.diff);
  const render::DiffReport report = report_of(given, before, after, diff);
  const std::string sentence = render::diff_sentence(report);
  if (sentence.empty()) {
    return std::unexpected(Error{.what = "--fail-above: there is nothing to compare in " +
                                         before.path + " and " + after.path,
                                 .advice = "both need samples of one event"});
  }
  const view::DiffSummary summary = view::summarize(diff, report.waits_only);
  const double percent = 100 * summary.all.delta / summary.before;
  if (!summary.all.significant || percent <= *options.fail_above) return {};
  return std::unexpected(Error{
      .what = sentence,
      .advice = "--fail-above " + given.get<std::string>("fail-above") + " makes this a failure"});
}

}  // namespace

int diff_command(std::span<const std::string> args) {
  const CommandLine line = diff_command_line();
  const auto given = line.parse(args);
  if (!given) return given.error();
  const std::vector<std::string>& files = given->operands();
  if (files.size() != 2) {
    return line.fail({.what = "two recordings are compared, not " + std::to_string(files.size()),
                      .advice = "profiler diff OLD NEW"});
  }
  auto options = diff_options_of(*given);
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

  const bool is_text = options->format == DiffFormat::kText;
  const bool is_drawn = options->format == DiffFormat::kSvg || options->format == DiffFormat::kHtml;
  if (is_drawn && before.selection.samples.empty()) {
    if (auto some = check_matches(*given, after.profile, after.selection); !some)
      return line.fail(some.error());
  }
  if (!is_text) {
    complain_of_damage(before.path, before.profile.run);
    complain_of_damage(after.path, after.profile.run);
  }
  std::optional<WorkLine> working(std::in_place, "comparing", WorkLine::may_stand_beside(output));
  const std::string text =
      options->format == DiffFormat::kSvg    ? picture(*given, before, after, *options)
      : options->format == DiffFormat::kHtml ? page(*given, before, after, *options)
                                             : table(*given, before, after, *options, *display);
  working.reset();
  const auto written =
      write_output(output, text, Content::kText, is_text ? display->paging : Paging::kNever);
  if (!written) return line.fail(written.error());
  if (!options->fail_above) return 0;
  const auto growth = check_growth(*given, before, after, *options);
  return growth ? 0 : line.fail(growth.error());
}

}  // namespace profiler::cli
