// `profiler syscalls`: the system calls of a program, or of what is running, counted.
#include "render/syscalls.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/choice.h"
#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/counting_options.h"
#include "cli/display.h"
#include "cli/load_profile.h"
#include "cli/option_values.h"
#include "cli/output.h"
#include "cli/output_ending.h"
#include "cli/recording_options.h"
#include "cli/run_recording.h"
#include "cli/symbol_options.h"
#include "render/printable.h"
#include "render/report_text.h"
#include "render/syscalls_csv.h"
#include "render/syscalls_json.h"
#include "render/syscalls_text.h"
#include "view/event_list.h"
#include "view/filter.h"
#include "view/syscall_table.h"

namespace profiler::cli {
namespace {

enum class Format : std::uint8_t { kText, kJson, kCsv };

/// What was asked for, checked.
struct SyscallsOptions {
  Format format = Format::kText;
  std::optional<SyscallGrouping> by;
  SyscallBackend backend = SyscallBackend::kNone;  ///< kNone: whichever works.
  view::SyscallSort sort = view::SyscallSort::kCpu;
  std::optional<std::size_t> limit;
  bool errors = false;
  bool histogram = false;
  bool callers = false;
  bool sample_callers = true;
  bool live = false;
  std::string output = "-";
};

constexpr std::array<Choice<Format>, 3> kFormats = {
    {{"text", Format::kText}, {"json", Format::kJson}, {"csv", Format::kCsv}}};
constexpr std::array<Choice<SyscallBackend>, 2> kBackends = {
    {{"bpf", SyscallBackend::kBpf}, {"ring", SyscallBackend::kRing}}};
constexpr std::array<Choice<view::SyscallSort>, 8> kSortKeys = {
    {{"cpu", view::SyscallSort::kCpu},
     {"wall", view::SyscallSort::kWall},
     {"calls", view::SyscallSort::kCalls},
     {"errors", view::SyscallSort::kErrors},
     {"mean", view::SyscallSort::kMean},
     {"max", view::SyscallSort::kMax},
     {"p99", view::SyscallSort::kP99},
     {"name", view::SyscallSort::kName}}};

CommandLine command_line() {
  CommandLine line(
      {.name = "syscalls",
       .usage = "[OPTIONS] [--] PROG [ARG…] | -p PID | -a | -i FILE",
       .summary = "Counts system calls: how often, how long, on a CPU or not, and who asked",
       .examples = {{"profiler syscalls -- ls -R /usr", "the calls of a program"},
                    {"profiler syscalls -p 1234 --live", "those of a server, every second"},
                    {"profiler syscalls --callers -- ./prog", "with the code behind each"}},
       .operands = Operands::kProgram,
       .usage_status = 125});
  const auto text = [] { return po::value<std::string>(); };
  line.basic().add_options()                                                                   //
      ("pid,p", text()->value_name("PID,…"), "running processes, with threads and children")   //
      ("all-cpus,a", po::bool_switch(), "the whole machine")                                   //
      ("cgroup,G", text()->value_name("CGROUP"), "the processes of a control group")           //
      ("input,i", text()->value_name("FILE"), "what record --syscalls, or time, has counted")  //
      ("duration", text()->value_name("S"), "stop after this long")                            //
      ("by", text()->value_name("WHAT"), "a row for each thread, process or cgroup too")       //
      ("errors", po::bool_switch(), "errors by name")                                          //
      ("histogram", po::bool_switch(), "how long calls took, drawn")                           //
      ("callers", po::bool_switch(), "the lines and stacks behind each call")                  //
      ("live", po::bool_switch(), "the table so far, every second, on a terminal")             //
      ("sort", text()->value_name("KEY"), "cpu, wall, calls, errors, mean, max, p99, name")    //
      ("limit", text()->value_name("N"), "most rows to show (40 in text); 0 shows all")        //
      ("format", text()->value_name("FORMAT"), "text, json or csv")                            //
      ("output,o", text()->value_name("FILE"), "file to write; - is standard output");
  line.advanced().add_options()                                                   //
      ("backend", text()->value_name("HOW"), "bpf or ring (bpf where it works)")  //
      ("tid,t", text()->value_name("TID,…"), "running threads, only these")       //
      ("no-callers", po::bool_switch(), "do not sample who makes the calls")      //
      ("frequency,F", text()->value_name("HZ"),
       "samples a second and CPU, for the "
       "parts that cannot be counted (999)")                                              //
      ("mmap-size,m", text()->value_name("BYTES"), "ring buffer for each CPU (by rate)")  //
      ("user", text()->value_name("NAME"), "run the program as this user")                //
      ("quiet,q", po::bool_switch(), "say nothing but errors on standard error")          //
      ("verbose,v", po::bool_switch(), "say how it went in detail");
  add_symbol_options(line);
  add_display_options(line);
  return line;
}

Result<SyscallsOptions> syscalls_options(const ParsedOptions& given) {
  SyscallsOptions options;
  const auto wanted = wanted_format(given);
  if (!wanted) return std::unexpected(wanted.error());
  const auto format = choose("--format", *wanted, kFormats);
  if (!format) return std::unexpected(format.error());
  options.format = *format;
  if (given.has("by")) {
    const auto by = choose("--by", given.get<std::string>("by"), kSyscallGroupings);
    if (!by) return std::unexpected(by.error());
    options.by = *by;
  }
  if (given.has("backend")) {
    const auto backend = choose("--backend", given.get<std::string>("backend"), kBackends);
    if (!backend) return std::unexpected(backend.error());
    options.backend = *backend;
  }
  const auto sort = choose("--sort", given.get<std::string>("sort", "cpu"), kSortKeys);
  if (!sort) return std::unexpected(sort.error());
  options.sort = *sort;
  if (given.has("limit")) {
    const auto limit = parse_number("--limit", given.get<std::string>("limit"));
    if (!limit) return std::unexpected(limit.error());
    options.limit = *limit;
  }
  options.errors = given.flag("errors");
  options.histogram = given.flag("histogram");
  options.callers = given.flag("callers");
  options.sample_callers = !given.flag("no-callers");
  options.live = given.flag("live");
  options.output = given.get<std::string>("output", "-");
  if (options.live && (::isatty(STDOUT_FILENO) != 1 || options.format != Format::kText)) {
    return std::unexpected(Error{.what = "--live draws a table on a terminal, which standard "
                                         "output is not",
                                 .advice = "leave it out"});
  }
  return options;
}

std::string rendered(const Profile& profile, const SyscallsOptions& options,
                     const render::TextStyle& style) {
  const view::Filter main{.event = view::main_row(view::event_list(profile))};
  const std::vector<const Sample*> samples = view::select(profile, main);
  render::SyscallsReport report = render::syscalls_report(
      profile, samples, options.by.value_or(profile.syscalls.grouping), main.event);
  view::sort_syscalls(report.table, options.sort);
  switch (options.format) {
    case Format::kText:
      break;
    case Format::kJson:
      return render::syscalls_json(
          report, {.histogram = options.histogram, .limit = options.limit.value_or(0)});
    case Format::kCsv:
      return render::syscalls_csv(report, options.limit.value_or(0));
  }
  // Nothing could be counted: why, is among the notes. What was sampled is better than nothing.
  if (!profile.syscalls.counted()) {
    return render::causes_text(render::report_head(profile, samples, main.event),
                               options.limit.value_or(40), style);
  }
  return render::syscalls_text(report,
                               {.errors = options.errors,
                                .histogram = options.histogram,
                                .callers = options.callers,
                                .limit = options.limit.value_or(40)},
                               style);
}

/// Writes the report; the status is 0, or that of `line` with a line on stderr.
int write_report(const CommandLine& line, const Profile& profile, const SyscallsOptions& options,
                 const Display& display) {
  const std::string text =
      rendered(profile, options, {.width = display.width, .colour = display.color});
  const Paging paging =
      options.format == Format::kText && !options.live ? display.paging : Paging::kNever;
  const auto written = write_output(options.output, text, Content::kText, paging);
  return written ? 0 : line.fail(written.error());
}

/// The table so far, drawn over the one of a second ago.
void draw(const Profile& counted, const record::RecordOptions& recording,
          const SyscallsOptions& options, const Display& display) {
  constexpr std::size_t kLinesBesideTheTable = 6;
  winsize window{};
  std::size_t rows = 24;
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_row != 0) rows = window.ws_row;
  Profile profile = counted;
  profile.run.command = recording.command;
  profile.run.scope = recording.scope;
  render::SyscallsReport report =
      render::syscalls_report(profile, {}, options.by.value_or(SyscallGrouping::kNone));
  view::sort_syscalls(report.table, options.sort);
  const render::TextStyle style{.width = display.width, .colour = display.color};
  std::string text = "\033[H\033[2J" + render::syscall_facts_text(report, style) + '\n';
  std::size_t limit = rows > kLinesBesideTheTable + 1 ? rows - kLinesBesideTheTable : 1;
  if (options.limit.value_or(0) != 0) limit = std::min(limit, *options.limit);
  text += render::syscall_table_text(report, limit, style);
  (void)write_all(STDOUT_FILENO, text, "standard output");
}

/// What a recording with --syscalls holds. Not the status of any child: 1 for whatever fails.
int show_file(const CommandLine& line, const ParsedOptions& given, const SyscallsOptions& options,
              const Display& display) {
  const auto fail = [&line](const Error& error) {
    (void)line.fail(error);
    return 1;
  };
  for (const char* other : {"pid", "tid", "cgroup", "backend", "duration", "user"}) {
    if (given.has(other))
      return fail({.what = "-i shows a file, --" + std::string(other) + " is for counting"});
  }
  if (given.flag("all-cpus") || options.live || !given.operands().empty())
    return fail({.what = "-i shows a file: it takes no program, -a or --live"});
  const auto input = given.get<std::string>("input");
  const auto profile = load_profile(input, symbol_sources(given));
  if (!profile) return fail(profile.error());
  if (!profile->syscalls.counted() && profile->run.interrupted) {
    return fail({.what =
                     "holds no counted system calls: they are written when a recording ends, and "
                     "this one was cut off",
                 .path = input,
                 .advice = "what was sampled is there: profiler report -i " + input});
  }
  if (!profile->syscalls.counted()) {
    return fail({.what = "holds no counted system calls",
                 .path = input,
                 .advice = "record them with: profiler record --syscalls PROGRAM"});
  }
  const SyscallGrouping counted_by = profile->syscalls.grouping;
  if (options.by && *options.by != SyscallGrouping::kNone && *options.by != counted_by) {
    return fail({.what = "was not counted by " + std::string(render::grouping_name(*options.by)),
                 .path = input,
                 .advice = counted_by == SyscallGrouping::kNone
                               ? "leave out --by"
                               : "use --by " + std::string(render::grouping_name(counted_by))});
  }
  if (options.format != Format::kText) complain_of_damage(input, profile->run);
  return write_report(line, *profile, options, display) == 0 ? 0 : 1;
}

}  // namespace

int syscalls_command(std::span<const std::string> args) {
  const CommandLine line = command_line();
  const auto given = line.parse(args);
  if (!given) return given.error();
  const auto options = syscalls_options(*given);
  if (!options) return line.fail(options.error());
  const auto display = display_of(*given, options->output);
  if (!display) return line.fail(display.error());
  if (given->has("input")) return show_file(line, *given, *options, *display);

  const auto recording = recording_options(*given, true);
  if (!recording) return line.fail(recording.error());
  Counting counting{.settings = {.backend = options->backend,
                                 .grouping = options->by.value_or(SyscallGrouping::kNone),
                                 .callers = options->sample_callers}};
  if (options->live)
    counting.live = [&](const Profile& profile) { draw(profile, *recording, *options, *display); };
  const Verbosity how = options->live ? Verbosity::kQuiet : verbosity(*given);
  const auto recorded = run_recording(*recording, "", how, symbol_sources(*given), &counting);
  if (!recorded) return recorded.error();
  const Profile& profile = recorded->profile;
  if (options->format != Format::kText && !profile.syscalls.counted()) {
    for (const std::string& note : profile.run.notes)
      std::fprintf(stderr, "profiler: %s\n", render::printable(note).c_str());
  }
  // The child has run: its status counts, whatever becomes of the report.
  (void)write_report(line, profile, *options, *display);
  return leave_as(profile.run);
}

}  // namespace profiler::cli
