// `profiler import`: a perf.data becomes a profile.
#include "perf_data/import.h"

#include <cstdio>
#include <string>
#include <utility>

#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/load_profile.h"
#include "cli/recording_summary.h"
#include "cli/symbol_options.h"
#include "profile/profile_writer.h"

namespace profiler::cli {
namespace {

CommandLine command_line() {
  CommandLine line({.name = "import",
                    .usage = "[OPTIONS] FILE [-o FILE]",
                    .summary = "Makes a profile of a perf.data, names and all",
                    .examples = {{"profiler import perf.data", "profiler.data, for every command"},
                                 {"perf record -o - ./prog | profiler import -", "without a file"},
                                 {"profiler import --sysroot /srv/board perf.data",
                                  "recorded on another machine"}},
                    .operands = Operands::kFiles});
  line.basic().add_options()  //
      ("output,o", po::value<std::string>()->value_name("FILE"),
       "profile to write (profiler.data)")("kallsyms", po::value<std::string>()->value_name("FILE"),
                                           "a copy of /proc/kallsyms of the machine it comes from")(
          "sysroot", po::value<std::string>()->value_name("DIR"),
          "where the files of that machine lie")("quiet,q", po::bool_switch(),
                                                 "say nothing when all is well")(
          "verbose,v", po::bool_switch(), "say how stacks ended");
  add_debug_file_options(line.basic());
  return line;
}

}  // namespace

int import_command(std::span<const std::string> args) {
  const CommandLine line = command_line();
  const auto options = line.parse(args);
  if (!options) return options.error();
  if (options->operands().size() != 1) {
    return line.fail({.what = options->operands().empty() ? "which file?" : "one file at a time",
                      .advice = "name a perf.data"});
  }
  const auto path = options->get<std::string>("output", "profiler.data");
  const SymbolSources sources = symbol_sources(*options);
  auto writer = profile::ProfileWriter::create(path);
  if (!writer) return line.fail(writer.error());

  Recorded imported{.profile = {}, .path = path};
  {
    ImportProgressLine progress(options->flag("quiet"));
    auto profile = perf_data::import_perf_data(
        {.path = options->operands().front(),
         .kallsyms = sources.kallsyms,
         .vmlinux = sources.vmlinux,
         .sysroot = sources.sysroot,
         .debug_files = debug_file_search(sources),
         .progress = [&](const perf_data::ImportProgress& at) { progress.update(at); }},
        &*writer);
    if (!profile) return line.fail(profile.error());
    if (auto written = writer->finish(*profile); !written) return line.fail(written.error());
  }
  imported.bytes = writer->bytes_written();
  imported.finished = true;
  auto profile = load_profile(path);
  if (!profile) return line.fail(profile.error());
  imported.profile = *std::move(profile);
  // What is missing comes before the summary: its own notes are the same.
  complain_of_import(imported.profile.run);
  imported.profile.run.notes.clear();
  const auto verbosity = options->flag("verbose") ? Verbosity::kVerbose : Verbosity::kNormal;
  if (!options->flag("quiet")) std::fputs(recording_summary(imported, verbosity).c_str(), stderr);
  return 0;
}

}  // namespace profiler::cli
