// `profiler flamegraph`: a profile as one SVG.
#include "render/flamegraph.h"

#include <charconv>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/filter_options.h"
#include "cli/option_values.h"
#include "cli/output.h"
#include "cli/output_ending.h"
#include "cli/symbol_options.h"
#include "cli/work_line.h"
#include "view/call_tree.h"
#include "view/filter.h"

namespace profiler::cli {
namespace {

CommandLine command_line() {
  CommandLine line(
      {.name = "flamegraph",
       .usage = "[OPTIONS] [-i FILE] [-o FILE.svg]",
       .summary = "Draws a recording as a flame graph: one SVG for browsers, viewers and wikis",
       .examples = {{"profiler flamegraph", "profiler.data as flamegraph.svg"},
                    {"profiler flamegraph --sys --kernel-frames", "what the kernel did"},
                    {"profiler flamegraph --wall", "on and off the CPU, in one picture"},
                    {"profiler flamegraph -o - > build.svg", "to standard output"}}});
  line.basic().add_options()  //
      ("input,i", po::value<std::string>()->value_name("FILE"), "profile to read (profiler.data)")(
          "output,o", po::value<std::string>()->value_name("FILE"),
          "SVG to write (flamegraph.svg); - is standard output")(
          "title", po::value<std::string>()->value_name("TEXT"), "instead of the command");
  add_filter_options(line);
  add_wait_option(line);
  add_wall_option(line);
  add_event_option(line);
  add_symbol_options(line);
  line.basic().add_options()  //
      ("kernel-frames", po::bool_switch(),
       "draw the kernel's functions; otherwise one frame for each system call or fault")(
          "inverted", po::bool_switch(), "bottom-up: on each function, its callers")(
          "thread", po::bool_switch(), "a frame for each thread on the root")(
          "icicle", po::bool_switch(), "the root at the top");
  line.advanced().add_options()  //
      ("width", po::value<std::string>()->value_name("PX"),
       "fixed width (1200, and the window's in a browser)")(
          "min-width", po::value<std::string>()->value_name("PX"),
          "merge frames narrower than this (0.1, more if the file would exceed 1 MB); 0 draws "
          "all")("merge-recursion", po::bool_switch(), "a function that calls itself is one frame");
  return line;
}

Result<double> parse_pixels(const std::string& option, const std::string& text, double lowest,
                            double highest) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error == std::errc() && stop == end && value >= lowest && value <= highest) return value;
  return std::unexpected(Error{.what = option + ": '" + text + "' is not a number of pixels",
                               .advice = "give one from " +
                                         std::to_string(static_cast<int>(lowest)) + " to " +
                                         std::to_string(static_cast<int>(highest))});
}

Result<render::FlamegraphOptions> picture_options(const ParsedOptions& options) {
  render::FlamegraphOptions picture;
  picture.title = options.get<std::string>("title");
  picture.selection = describe_filter(options);
  picture.icicle = options.flag("icicle");
  picture.inverted = options.flag("inverted");
  if (options.has("width")) {
    const auto width = parse_pixels("--width", options.get<std::string>("width"), 200, 20000);
    if (!width) return std::unexpected(width.error());
    picture.width = *width;
    picture.fit_window = false;
  }
  if (options.has("min-width")) {
    const auto width = parse_pixels("--min-width", options.get<std::string>("min-width"), 0, 1000);
    if (!width) return std::unexpected(width.error());
    picture.min_width = *width;
    picture.size_limit = 0;
  }
  return picture;
}

/// A row of process names says nothing where there is but one.
bool has_several_processes(const Profile& profile, const std::vector<const Sample*>& samples) {
  std::unordered_set<StringIndex> names;
  for (const Sample* sample : samples) {
    const ProcessIndex process =
        sample->thread ? profile.threads[sample->thread].process : ProcessIndex();
    names.insert(process ? profile.processes[process].name : StringIndex());
  }
  return names.size() > 1;
}

}  // namespace

int flamegraph_command(std::span<const std::string> args) {
  const CommandLine line = command_line();
  const auto options = line.parse(args);
  if (!options) return options.error();
  auto filter = filter_of(*options);
  if (!filter) return line.fail(filter.error());
  if (const auto wall = check_wall(*options, *filter); !wall) return line.fail(wall.error());
  auto picture = picture_options(*options);
  if (!picture) return line.fail(picture.error());
  if (const auto fits = check_ending(*options, "svg"); !fits) return line.fail(fits.error());

  const auto profile = load_input(*options, *filter);
  if (!profile) return line.fail(profile.error());
  picture->event = filter->event;
  if (profile->run.events.size() > 1) {
    const std::string& name = profile->run.events[filter->event].name;
    picture->selection = name + (picture->selection.empty() ? "" : ", ") + picture->selection;
  }
  const auto selection = choose_samples(*options, *profile, *filter);
  if (!selection) return line.fail(selection.error());
  const std::vector<const Sample*>& samples = selection->samples;
  const auto output = options->get<std::string>("output", "flamegraph.svg");
  std::optional<WorkLine> working(std::in_place, "drawing", WorkLine::may_stand_beside(output));
  const view::CallTree tree =
      view::call_tree(*profile, samples,
                      {.path = {.kernel_frames = options->flag("kernel-frames"),
                                .process_root = has_several_processes(*profile, samples),
                                .thread_root = options->flag("thread"),
                                .merge_recursion = options->flag("merge-recursion"),
                                .wait_nodes = true},
                       .inverted = picture->inverted});
  const std::string svg = render::flamegraph(*profile, tree, *picture);
  working.reset();
  const auto written = write_output(output, svg, Content::kText);
  if (!written) return line.fail(written.error());
  say_written(output);
  return 0;
}

}  // namespace profiler::cli
