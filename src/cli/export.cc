// `profiler export`: a profile in the formats that other tools read. A new format is one row of
// kFormats.
#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/filter_options.h"
#include "cli/output.h"
#include "cli/output_ending.h"
#include "cli/symbol_options.h"
#include "cli/work_line.h"
#include "export/callgrind.h"
#include "export/firefox.h"
#include "export/folded.h"
#include "export/perf_script.h"
#include "export/pprof.h"
#include "export/speedscope.h"

namespace profiler::cli {
namespace {

using Samples = std::vector<const Sample*>;

/// What is to be written, besides the samples.
struct Request {
  std::uint16_t event = 0;
  exporter::Times times = exporter::Times::kOnCpu;
  bool wall = false;     ///< Waits were asked for.
  bool weights = false;  ///< For what counts samples: their weights instead.
  exporter::KernelFrames kernel = exporter::KernelFrames::kShown;
};

struct Format {
  std::string_view name;
  Content content;
  /// Waits have a place of their own beside the time on the CPU: they are written wherever there
  /// are any, not only with --wait and --wall.
  bool tells_waits_apart;
  void (*write)(const Profile&, const Samples&, const Request&, const exporter::Sink&);
};

void folded(const Profile& profile, const Samples& samples, const Request& request,
            const exporter::Sink& sink) {
  using exporter::FoldedCount;
  exporter::write_folded(profile, samples,
                         {.count = request.weights ? FoldedCount::kWeight : FoldedCount::kSamples,
                          .kernel = request.kernel},
                         sink);
}

void pprof(const Profile& profile, const Samples& samples, const Request& request,
           const exporter::Sink& sink) {
  exporter::write_pprof(profile, samples,
                        {.event = request.event, .times = request.times, .kernel = request.kernel},
                        sink);
}

void speedscope(const Profile& profile, const Samples& samples, const Request& request,
                const exporter::Sink& sink) {
  exporter::write_speedscope(profile, samples, {.event = request.event, .kernel = request.kernel},
                             sink);
}

void perf_script(const Profile& profile, const Samples& samples, const Request& request,
                 const exporter::Sink& sink) {
  exporter::write_perf_script(profile, samples, {.kernel = request.kernel}, sink);
}

void callgrind(const Profile& profile, const Samples& samples, const Request& request,
               const exporter::Sink& sink) {
  exporter::write_callgrind(
      profile, samples, {.event = request.event, .times = request.times, .kernel = request.kernel},
      sink);
}

void firefox(const Profile& profile, const Samples& samples, const Request& request,
             const exporter::Sink& sink) {
  exporter::write_firefox(
      profile, samples,
      {.event = request.event, .wait_samples = request.wall, .kernel = request.kernel}, sink);
}

constexpr std::array kFormats = {
    Format{"folded", Content::kText, false, folded},
    Format{"speedscope", Content::kText, false, speedscope},
    Format{"firefox", Content::kText, true, firefox},
    Format{"pprof", Content::kBinary, true, pprof},
    Format{"perf-script", Content::kText, false, perf_script},
    Format{"callgrind", Content::kText, true, callgrind},
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
                    {"profiler export --format folded --sys -o f", "the kernel's part only"},
                    {"profiler export --format pprof -o prog.pb.gz", "for go tool pprof"}}});
  line.basic().add_options()  //
      ("format", po::value<std::string>()->value_name("FORMAT"), format_names().c_str())(
          "input,i", po::value<std::string>()->value_name("FILE"),
          "profile to read (profiler.data)")("output,o",
                                             po::value<std::string>()->value_name("FILE"),
                                             "file to write (standard output)");
  add_filter_options(line);
  add_wait_option(line);
  add_wall_option(line);
  line.advanced().add_options()  //
      ("weights", po::value<std::string>()->value_name("UNIT"),
       "what folded counts: samples, or ns (another event's own unit), which --wait and --wall do")(
          "fold-kernel", po::bool_switch(),
          "one frame for each system call or fault in place of the kernel's functions")(
          "gzip", po::bool_switch(), "compress; so does a file name that ends in .gz");
  add_event_option(line);
  add_symbol_options(line);
  return line;
}

Result<Request> request_of(const ParsedOptions& options, const Format& format) {
  Request request;
  request.kernel = options.flag("fold-kernel") ? exporter::KernelFrames::kFolded
                                               : exporter::KernelFrames::kShown;
  if (!options.has("weights")) return request;
  const auto unit = options.get<std::string>("weights");
  if (unit != "samples" && unit != "ns") {
    return std::unexpected(
        Error{.what = "--weights: no unit '" + unit + "'", .advice = "use samples or ns"});
  }
  if (format.name != "folded") {
    return std::unexpected(Error{.what = "--weights is for folded only",
                                 .advice = "leave it out: this format has weights of its own"});
  }
  request.weights = unit == "ns";
  return request;
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
  auto request = request_of(*options, *format);
  if (!request) return line.fail(request.error());
  auto filter = filter_of(*options);
  if (!filter) return line.fail(filter.error());
  if (const auto wall = check_wall(*options, *filter); !wall) return line.fail(wall.error());

  const auto profile = load_input(*options, *filter);
  if (!profile) return line.fail(profile.error());
  const auto selection = choose_samples(*options, *profile, *filter, format->tells_waits_apart);
  if (!selection) return line.fail(selection.error());
  request->event = filter->event;
  const bool waits_only = filter->wait_only || filter->wait != WaitClass::kNone;
  if (selection->has_waits && !filter->sys_only)
    request->times = waits_only ? exporter::Times::kWaits : exporter::Times::kAll;
  request->wall = options->flag("wall") || waits_only;
  if (!options->has("weights")) request->weights = selection->has_waits;

  const auto output = options->get<std::string>("output", "-");
  const bool is_compressed = format->content == Content::kBinary;
  const bool compress = !is_compressed && (options->flag("gzip") || is_gzip_name(output));
  const WorkLine working("writing " + std::string(format->name),
                         WorkLine::may_stand_beside(output));
  const auto written = stream_output(
      output, format->content,
      [&](const exporter::Sink& sink) {
        format->write(*profile, selection->samples, *request, sink);
      },
      compress ? Compression::kGzip : Compression::kNone);
  return written ? 0 : line.fail(written.error());
}

}  // namespace profiler::cli
