// `profiler html`: a profile as one HTML page.
#include "render/html.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/filter_options.h"
#include "cli/output.h"
#include "cli/output_ending.h"
#include "cli/source_files.h"
#include "cli/symbol_options.h"
#include "cli/version.h"
#include "cli/work_line.h"
#include "view/filter.h"

namespace profiler::cli {
namespace {

/// Of embedded text, all together: more is a repository rather than a page.
constexpr std::size_t kMostSourceBytes = 16'000'000;
constexpr std::size_t kMostSourceFiles = 400;

CommandLine command_line() {
  CommandLine line(
      {.name = "html",
       .usage = "[OPTIONS] [-i FILE] [-o FILE.html]",
       .summary = "Makes one HTML page of a recording: flame graph, tables, timeline; needs no "
                  "network",
       .examples = {
           {"profiler html", "profiler.data as profile.html"},
           {"profiler html --source", "with the source text beside the times of its lines"},
           {"profiler html --filter process=cc1plus -o c.html", "one program only"},
           {"profiler html -o - > build.html", "to standard output"}}});
  line.basic().add_options()  //
      ("input,i", po::value<std::string>()->value_name("FILE"), "profile to read (profiler.data)")(
          "output,o", po::value<std::string>()->value_name("FILE"),
          "page to write (profile.html); - is standard output")(
          "title", po::value<std::string>()->value_name("TEXT"), "instead of the command")(
          "source", po::bool_switch(), "embed the source files that samples lie in")(
          "source-dir", po::value<std::vector<std::string>>()->composing()->value_name("DIR"),
          "look for sources there too; OLD=NEW: what was OLD is NEW here");
  add_filter_options(line);
  add_event_option(line);
  add_symbol_options(line);
  return line;
}

/// Of the recording's time, how much the filter chooses; 0: all of it.
std::uint64_t span_ns(const view::Filter& filter, const Run& run) {
  if (filter.from_ns == 0 && filter.until_ns == view::Filter().until_ns) return 0;
  const std::uint64_t until = std::min(filter.until_ns, run.duration_ns);
  return until - std::min(filter.from_ns, until);
}

std::vector<render::EmbeddedSource> read_sources(const Profile& profile,
                                                 const view::Selection& selection,
                                                 const SourceSearch& search) {
  std::vector<render::EmbeddedSource> sources;
  std::size_t bytes = 0;
  for (const std::string& file : render::source_files(profile, selection)) {
    render::SourceText text = read_source(file, search, profile.run.start_unix_ns);
    if (text.path.empty()) continue;
    std::size_t size = 0;
    for (const std::string& line : text.lines) size += line.size() + 1;
    if (bytes + size > kMostSourceBytes) continue;
    bytes += size;
    sources.push_back({.file = file, .text = std::move(text)});
    if (sources.size() == kMostSourceFiles) break;
  }
  return sources;
}

}  // namespace

int html_command(std::span<const std::string> args) {
  const CommandLine line = command_line();
  const auto options = line.parse(args);
  if (!options) return options.error();
  auto filter = filter_of(*options);
  if (!filter) return line.fail(filter.error());
  auto search = source_search(options->get<std::vector<std::string>>("source-dir"));
  if (!search) return line.fail(search.error());
  if (const auto fits = check_ending(*options, "html"); !fits) return line.fail(fits.error());

  const auto profile = load_input(*options, *filter);
  if (!profile) return line.fail(profile.error());
  const auto output = options->get<std::string>("output", "profile.html");
  const WorkLine working("making the page", WorkLine::may_stand_beside(output));
  const view::Selection selection = view::select_with_waits(*profile, *filter);
  if (const auto found = check_matches(*options, *profile, selection); !found)
    return line.fail(found.error());
  render::HtmlOptions page;
  page.title = options->get<std::string>("title");
  page.selection = describe_filter(*options);
  page.span_ns = span_ns(*filter, profile->run);
  page.event = filter->event;
  page.version = kVersion;
  page.has_sources = options->flag("source");
  if (page.has_sources) page.sources = read_sources(*profile, selection, *search);
  const auto written = stream_output(
      output, Content::kText,
      [&](const auto& sink) { render::html(*profile, selection, page, sink); },
      is_gzip_name(output) ? Compression::kGzip : Compression::kNone);
  if (!written) return line.fail(written.error());
  say_written(output);
  return 0;
}

}  // namespace profiler::cli
