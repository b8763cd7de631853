#include "cli/recording_options.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/choice.h"
#include "cli/event_options.h"
#include "cli/option_values.h"
#include "cli/symbol_options.h"

namespace profiler::cli {
namespace {

constexpr std::uint64_t kMaxFrequency = 100'000;
constexpr std::uint64_t kShortestClockPeriod = 1'000'000'000 / kMaxFrequency;
/// The kernel refuses periods with the highest bit.
constexpr std::uint64_t kMaxPeriod = std::numeric_limits<std::int64_t>::max();
/// The kernel's limit on sample_stack_user (a multiple of 8 that fits a 64 KiB record).
constexpr std::uint64_t kMaxStackBytes = 65528;
constexpr std::array<Choice<WaitCoverage>, 2> kWaits = {
    {{"stacks", WaitCoverage::kStacks}, {"durations", WaitCoverage::kDurations}}};

Error usage(std::string what, std::string advice = {}) {
  return {.what = std::move(what), .advice = std::move(advice)};
}

/// "dwarf", "dwarf,16384", "fp", "none".
Result<void> parse_call_graph(std::string_view text, record::RecordOptions& options) {
  const std::size_t comma = text.find(',');
  const std::string_view mode = text.substr(0, comma);
  if (mode == "dwarf") {
    options.call_graph = record::CallGraph::kDwarf;
    if (comma == std::string_view::npos) return {};
    auto size = parse_size("--call-graph", text.substr(comma + 1));
    if (!size) return std::unexpected(size.error());
    if (*size < 8 || *size > kMaxStackBytes)
      return std::unexpected(usage("--call-graph: a stack copy has 8 to 65528 bytes"));
    options.stack_bytes = static_cast<std::uint32_t>((*size + 7) & ~std::uint64_t{7});
    options.stack_may_grow = false;
    return {};
  }
  if (comma != std::string_view::npos)
    return std::unexpected(usage("--call-graph: only dwarf takes a size"));
  if (mode == "fp") {
    options.call_graph = record::CallGraph::kFramePointer;
  } else if (mode == "none") {
    options.call_graph = record::CallGraph::kNone;
  } else {
    return std::unexpected(usage("--call-graph: '" + std::string(text) + "' is not a way to unwind",
                                 "use dwarf, dwarf,SIZE, fp or none"));
  }
  return {};
}

Result<std::vector<Pid>> parse_ids(std::string_view option, const std::string& text) {
  auto numbers = parse_number_list(option, text);
  if (!numbers) return std::unexpected(numbers.error());
  return std::vector<Pid>(numbers->begin(), numbers->end());
}

/// The target: exactly one of -p, -t, -a, -C, -G, or the program.
Result<void> parse_target(const ParsedOptions& parsed, bool counting,
                          record::RecordOptions& options) {
  options.command = parsed.operands();
  std::vector<std::string_view> given;
  if (parsed.has("pid")) {
    given.emplace_back("-p");
    options.scope = Scope::kProcesses;
    auto ids = parse_ids("-p", parsed.get<std::string>("pid"));
    if (!ids) return std::unexpected(ids.error());
    options.pids = std::move(*ids);
  }
  if (parsed.has("tid")) {
    given.emplace_back("-t");
    options.scope = Scope::kThreads;
    auto ids = parse_ids("-t", parsed.get<std::string>("tid"));
    if (!ids) return std::unexpected(ids.error());
    options.tids = std::move(*ids);
  }
  if (parsed.has("cgroup")) {
    given.emplace_back("-G");
    options.scope = Scope::kCgroup;
    options.cgroup = parsed.get<std::string>("cgroup");
  }
  if (parsed.flag("all-cpus") || parsed.has("cpu")) {
    // -C says which CPUs of all: both together are one target.
    given.emplace_back(parsed.has("cpu") ? "-C" : "-a");
    options.scope = parsed.has("cpu") ? Scope::kCpus : Scope::kSystem;
  }
  if (parsed.has("cpu")) {
    auto cpus = parse_number_list("-C", parsed.get<std::string>("cpu"));
    if (!cpus) return std::unexpected(cpus.error());
    options.cpus = std::move(*cpus);
  }
  if (given.size() > 1) {
    return std::unexpected(usage(std::string(given[0]) + " and " + std::string(given[1]) +
                                 " name two targets; give one"));
  }
  if (given.empty() && options.command.empty()) {
    return std::unexpected(usage(counting ? "nothing to count" : "nothing to record",
                                 "give a program, -p PID, -t TID, -a" +
                                     std::string(counting ? "" : ", -C CPUS") + " or -G CGROUP"));
  }
  return {};
}

/// -c
Result<void> parse_period(const ParsedOptions& parsed, record::RecordOptions& options) {
  if (!parsed.has("count")) return {};
  if (parsed.has("frequency")) return std::unexpected(usage("-c and -F exclude each other"));
  const auto count = parse_number("-c", parsed.get<std::string>("count"), 1, kMaxPeriod);
  if (!count) return std::unexpected(count.error());
  options.period = *count;
  const bool has_clock =
      options.events.empty() || std::ranges::any_of(options.events, &record::NamedEvent::is_clock);
  if (has_clock && options.period < kShortestClockPeriod) {
    return std::unexpected(
        usage("-c: " + std::to_string(options.period) + " is too short a period for a clock",
              "it is in nanoseconds: give 10000 or more, or the event that is to be counted (-e)"));
  }
  return {};
}

/// --wait, --no-wait. All switches of a whole machine cost more than most would expect.
Result<void> parse_waits(const ParsedOptions& parsed, record::RecordOptions& options) {
  if (parsed.has("wait") && parsed.flag("no-wait"))
    return std::unexpected(usage("--wait and --no-wait exclude each other"));
  const bool system_wide = options.scope == Scope::kSystem || options.scope == Scope::kCpus ||
                           options.scope == Scope::kCgroup;
  options.wakers = parsed.flag("wakers");
  options.raw_data = options.wakers;
  if (parsed.flag("no-wait") || (system_wide && !parsed.has("wait") && !options.wakers)) {
    if (options.wakers) return std::unexpected(usage("--wakers and --no-wait exclude each other"));
    return {};
  }
  if (options.scope == Scope::kCpus || options.scope == Scope::kCgroup) {
    return std::unexpected(
        usage("waiting is recorded of processes on all CPUs", "use -p or -a instead of -C and -G"));
  }
  const auto how = choose("--wait", parsed.get<std::string>("wait", "stacks"), kWaits);
  if (!how) return std::unexpected(how.error());
  options.waits = *how;
  if (options.wakers && options.waits != WaitCoverage::kStacks)
    return std::unexpected(usage("--wakers are told of waits with stacks", "use --wait=stacks"));
  return {};
}

}  // namespace

void add_recording_options(CommandLine& line) {
  const auto text = [] { return po::value<std::string>(); };
  line.basic().add_options()                                                        //
      ("output,o", text()->value_name("FILE"), "profile to write (profiler.data)")  //
      ("frequency,F", text()->value_name("HZ"), "samples a second and CPU (999)")   //
      ("event,e", po::value<std::vector<std::string>>()->composing()->value_name("EVENT,…"),
       "what to sample: cs, block:* (cycles, else cpu-clock)")                                  //
      ("pid,p", text()->value_name("PID,…"), "running processes, with threads and children")    //
      ("tid,t", text()->value_name("TID,…"), "running threads, only these")                     //
      ("all-cpus,a", po::bool_switch(), "the whole machine")                                    //
      ("duration", text()->value_name("S"), "stop after this long")                             //
      ("call-graph", text()->value_name("HOW"), "dwarf[,SIZE] (32K, 64K if needed), fp, none")  //
      ("quiet,q", po::bool_switch(), "say nothing but errors")                                  //
      ("verbose,v", po::bool_switch(), "say how it went in detail");
  line.advanced().add_options()  //
      ("wait", text()->implicit_value("stacks")->value_name("HOW"),
       "record time off the CPU and where (stacks), or only how long (durations)")  //
      ("no-wait", po::bool_switch(), "leave that out, as -a, -C and -G do")         //
      ("wakers", po::bool_switch(), "record who ended the waits too")               //
      ("count,c", text()->value_name("COUNT"),
       "a sample each COUNT events, not -F; of cs and trace points 1")                    //
      ("cpu,C", text()->value_name("CPUS"), "only these CPUs, of all processes: 0-3,5")   //
      ("cgroup,G", text()->value_name("CGROUP"), "the processes of a control group")      //
      ("mmap-size,m", text()->value_name("BYTES"), "ring buffer for each CPU (by rate)")  //
      ("max-size", text()->value_name("BYTES"), "stop when the profile is this large")    //
      ("user", text()->value_name("NAME"), "run the program as this user")                //
      ("inherit", po::bool_switch(), "events that follow forks, instead of one per CPU")  //
      ("call-graphs,g", po::bool_switch(), "accepted for perf's sake: they are always on");
  add_debug_file_options(line.advanced());
}

Result<record::RecordOptions> recording_options(const ParsedOptions& parsed, bool counting) {
  record::RecordOptions options;
  if (auto target = parse_target(parsed, counting, options); !target)
    return std::unexpected(target.error());
  if (counting && options.scope == Scope::kCpus) {
    return std::unexpected(usage("system calls are counted on all CPUs", "use -a instead of -C"));
  }
  auto events = parse_events(parsed.get<std::vector<std::string>>("event"));
  if (!events) return std::unexpected(events.error());
  options.events = *std::move(events);
  if (auto waits = parse_waits(parsed, options); !waits) return std::unexpected(waits.error());
  if (auto period = parse_period(parsed, options); !period) return std::unexpected(period.error());
  options.user = parsed.get<std::string>("user");
  if (!options.user.empty() && options.command.empty())
    return std::unexpected(usage("--user is for a program to run"));
  if (parsed.has("frequency")) {
    const auto text = parsed.get<std::string>("frequency");
    auto hz = parse_number("-F", text, 1, kMaxFrequency);
    if (!hz) return std::unexpected(hz.error());
    options.frequency_hz = *hz;
    options.frequency_given = true;
  }
  if (parsed.has("call-graph")) {
    if (auto ok = parse_call_graph(parsed.get<std::string>("call-graph"), options); !ok)
      return std::unexpected(ok.error());
  }
  if (parsed.has("duration")) {
    auto duration = parse_duration("--duration", parsed.get<std::string>("duration"));
    if (!duration) return std::unexpected(duration.error());
    options.duration = *duration;
  }
  if (parsed.has("mmap-size")) {
    auto size = parse_size("-m", parsed.get<std::string>("mmap-size"));
    if (!size) return std::unexpected(size.error());
    options.ring_bytes = *size;
  }
  if (parsed.has("max-size")) {
    auto size = parse_size("--max-size", parsed.get<std::string>("max-size"));
    if (!size) return std::unexpected(size.error());
    options.max_file_bytes = *size;
  }
  if (parsed.flag("inherit")) options.coverage = Coverage::kInherited;
  return options;
}

Verbosity verbosity(const ParsedOptions& parsed) {
  if (parsed.flag("quiet")) return Verbosity::kQuiet;
  return parsed.flag("verbose") ? Verbosity::kVerbose : Verbosity::kNormal;
}

std::string profile_path(const ParsedOptions& parsed) {
  return parsed.get<std::string>("output", "profiler.data");
}

}  // namespace profiler::cli
