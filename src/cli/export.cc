// `profiler export`: a profile in the formats that other tools read. A new format is one row of
// kFormats.
#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/filter_options.h"
#include "cli/load_profile.h"
#include "cli/output.h"
#include "export/folded.h"
#include "view/filter.h"

namespace profiler::cli {
namespace {

using Samples = std::vector<const Sample*>;

struct Format {
  std::string_view name;
  Content content;
  void (*write)(const Profile&, const Samples&, const ParsedOptions&, const exporter::Sink&);
};

void folded(const Profile& profile, const Samples& samples, const ParsedOptions& options,
            const exporter::Sink& sink) {
  const bool weights = options.get<std::string>("weights", "samples") == "ns";
  exporter::write_folded(
      profile, samples,
      {.count = weights ? exporter::FoldedCount::kWeight : exporter::FoldedCount::kSamples}, sink);
}

constexpr std::array kFormats = {
    Format{"folded", Content::kText, folded},
};

std::string format_names() {
  std::string names;
  for (const Format& format : kFormats) {
    if (!names.empty()) names += ", ";
    names += format.name;
  }
  return names;
}

CommandLine command_line() {
  CommandLine line(
      {.name = "export",
       .usage = "[OPTIONS] --format FORMAT [-i FILE] [-o FILE]",
       .summary = "Writes a recording in the format of another tool",
       .examples = {{"profiler export --format folded", "a line for each stack"},
                    {"profiler export --format folded --sys -o f", "the kernel's part only"}}});
  line.basic().add_options()  //
      ("format", po::value<std::string>()->value_name("FORMAT"), format_names().c_str())(
          "input,i", po::value<std::string>()->value_name("FILE"),
          "profile to read (profiler.data)")("output,o",
                                             po::value<std::string>()->value_name("FILE"),
                                             "file to write (standard output)");
  line.advanced().add_options()  //
      ("weights", po::value<std::string>()->value_name("UNIT"),
       "what folded counts: samples, or ns (another event's own unit)");
  add_filter_options(line);
  add_event_option(line);
  add_symbol_options(line);
  return line;
}

}  // namespace

int export_command(std::span<const std::string> args) {
  const CommandLine line = command_line();
  const auto options = line.parse(args);
  if (!options) return options.error();
  const auto wanted = options->get<std::string>("format");
  const auto* const format = std::ranges::find(kFormats, wanted, &Format::name);
  if (format == kFormats.end()) {
    return line.fail({.what = wanted.empty() ? "which format?" : "no format '" + wanted + "'",
                      .advice = "--format takes: " + format_names()});
  }
  if (const auto unit = options->get<std::string>("weights", "samples");
      unit != "samples" && unit != "ns") {
    return line.fail({.what = "--weights: no unit '" + unit + "'", .advice = "use samples or ns"});
  }
  auto filter = filter_of(*options);
  if (!filter) return line.fail(filter.error());

  const auto input = options->get<std::string>("input", "profiler.data");
  const auto profile = load_profile(input, symbol_sources(*options));
  if (!profile) return line.fail(profile.error());
  complain_of_damage(input, profile->run);
  if (const auto event = choose_event(*options, *profile, *filter); !event)
    return line.fail(event.error());
  const Samples samples = view::select(*profile, *filter);
  const auto written = stream_output(
      options->get<std::string>("output", "-"), format->content,
      [&](const exporter::Sink& sink) { format->write(*profile, samples, *options, sink); });
  return written ? 0 : line.fail(written.error());
}

}  // namespace profiler::cli
