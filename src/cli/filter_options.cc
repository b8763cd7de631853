#include "cli/filter_options.h"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <ranges>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/load_profile.h"
#include "cli/option_values.h"
#include "cli/spelling.h"
#include "record/event_name.h"
#include "render/json_waits.h"
#include "render/printable.h"
#include "render/run_text.h"
#include "view/event_list.h"

namespace profiler::cli {
namespace {

constexpr std::string_view kAdvice =
    "use process=, thread=, module=, function=, cause=, wait= or time=FROM-UNTIL";

bool is_empty(const Profile& profile) { return profile.samples.empty() && profile.waits.empty(); }

std::unexpected<Error> failure(std::string what) {
  return std::unexpected(
      Error{.what = "--filter: " + std::move(what), .advice = std::string(kAdvice)});
}

/// "KEY=" of letters at the beginning of `text`: what a comma has to be followed by to begin
/// another condition. Names of functions hold commas too.
bool begins_with_key(std::string_view text) {
  const std::size_t end = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz");
  return end != 0 && end != std::string_view::npos && text[end] == '=';
}

/// One condition each: "process=a,time=1-2" are two.
std::vector<std::string> filters(const ParsedOptions& options) {
  std::vector<std::string> conditions;
  for (const std::string& given : options.get<std::vector<std::string>>("filter")) {
    std::string_view rest = given;
    std::size_t comma = 0;
    while ((comma = rest.find(',', comma)) != std::string_view::npos) {
      if (!begins_with_key(rest.substr(++comma))) continue;
      conditions.emplace_back(rest.substr(0, comma - 1));
      rest.remove_prefix(comma);
      comma = 0;
    }
    conditions.emplace_back(rest);
  }
  return conditions;
}

Result<std::uint64_t> parse_time(std::string_view text) {
  if (text == "0" || text == "0s") return 0;
  const auto time = parse_duration("--filter time", text);
  if (!time) return std::unexpected(time.error());
  return static_cast<std::uint64_t>(time->count());
}

/// "1.5-2", "1.5..2", "-2s", "500ms-": from the start of the recording.
Result<void> parse_range(std::string_view text, view::Filter& filter) {
  std::string_view between = "..";
  if (text.find(between) == std::string_view::npos) between = "-";
  const std::size_t dots = text.find(between);
  if (dots == std::string_view::npos)
    return failure("time is no range FROM-UNTIL in '" + std::string(text) + "'");
  if (const std::string_view from = text.substr(0, dots); !from.empty()) {
    const auto time = parse_time(from);
    if (!time) return std::unexpected(time.error());
    filter.from_ns = *time;
  }
  if (const std::string_view until = text.substr(dots + between.size()); !until.empty()) {
    const auto time = parse_time(until);
    if (!time) return std::unexpected(time.error());
    filter.until_ns = *time;
  }
  if (filter.from_ns >= filter.until_ns)
    return failure("time ends before it begins in '" + std::string(text) + "'");
  return {};
}

std::string* text_of(view::Filter& filter, std::string_view key) {
  if (key == "process") return &filter.process;
  if (key == "thread") return &filter.thread;
  if (key == "module") return &filter.module;
  if (key == "function") return &filter.function;
  if (key == "cause") return &filter.cause;
  return nullptr;
}

/// Those with samples, or where there are none all: a few.
std::string names_of(const std::vector<view::EventRow>& events) {
  constexpr std::size_t kNamed = 20;
  std::vector<std::string> names = render::event_texts(events);
  if (names.empty()) {
    for (const view::EventRow& row : events | std::views::take(kNamed))
      names.push_back(row.event->name);
  }
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace

void add_filter_options(CommandLine& line) {
  line.basic().add_options()  //
      ("sys", po::bool_switch(), "only time in the kernel")(
          "filter", po::value<std::vector<std::string>>()->composing()->value_name("KEY=TEXT"),
          "only what process=, thread=, module=, function=, cause=, wait= or time=FROM-UNTIL say; "
          "all of several");
}

void add_wait_option(CommandLine& line) {
  line.basic().add_options()("wait", po::bool_switch(), "only time off the CPU, waiting");
}

Result<void> check_waits(const view::Filter& filter, const view::Selection& selection,
                         const Profile& profile) {
  const bool wanted = filter.wait_only || filter.wait != WaitClass::kNone;
  if (!wanted || selection.has_waits) return {};
  if (profile.run.wait_coverage == WaitCoverage::kNone) {
    return std::unexpected(Error{.what = "this recording has no waits",
                                 .advice = "profiler record --wait takes them too"});
  }
  return std::unexpected(Error{.what = "waits are no matter of that event, which is not a clock",
                               .advice = "choose another with --event, or leave that out"});
}

void add_wall_option(CommandLine& line) {
  line.basic().add_options()("wall", po::bool_switch(),
                             "user, sys and wait: all of every thread's time");
}

Result<void> check_wall(const ParsedOptions& options, const view::Filter& filter) {
  const bool is_part = filter.sys_only || filter.wait_only || filter.wait != WaitClass::kNone;
  if (!options.flag("wall") || !is_part) return {};
  return std::unexpected(Error{.what = "--wall is all time: --sys and --wait are parts of it",
                               .advice = "give one of them"});
}

Result<void> check_matches(const ParsedOptions& options, const Profile& profile,
                           const view::Selection& selection) {
  if (!selection.samples.empty() || is_empty(profile)) return {};
  const std::string asked = describe_filter(options);
  if (asked.empty()) return {};
  return std::unexpected(Error{.what = "no sample is of " + asked + ": nothing was written",
                               .advice = "profiler report shows what there is"});
}

namespace {

/// Be it nothing.
Result<view::Selection> wanted_samples(const ParsedOptions& options, const Profile& profile,
                                       const view::Filter& filter, bool waits_too) {
  const bool wall = options.flag("wall");
  if (wall || waits_too || filter.wait_only || filter.wait != WaitClass::kNone) {
    view::Selection selection = view::select_with_waits(profile, filter);
    view::Filter wanted = filter;
    wanted.wait_only |= wall;  // The same complaint.
    if (const auto waits = check_waits(wanted, selection, profile); !waits)
      return std::unexpected(waits.error());
    return selection;
  }
  view::Selection selection;
  selection.samples = view::select(profile, filter);
  return selection;
}

}  // namespace

Result<view::Selection> choose_samples(const ParsedOptions& options, const Profile& profile,
                                       const view::Filter& filter, bool waits_too) {
  auto selection = wanted_samples(options, profile, filter, waits_too);
  if (!selection) return selection;
  if (const auto found = check_matches(options, profile, *selection); !found)
    return std::unexpected(found.error());
  return selection;
}

/// As tables and JSON have them.
Result<WaitClass> parse_wait_class(std::string text) {
  std::ranges::replace(text, '_', ' ');
  std::string known;
  for (std::size_t i = 1; i < kWaitClasses; ++i) {
    const auto wait = static_cast<WaitClass>(i);
    if (name(wait) == text) return wait;
    known += (known.empty() ? "" : ", ") + render::json_name(wait);
  }
  return std::unexpected(
      Error{.what = "--filter: nothing waits for '" + text + "'", .advice = "use one of " + known});
}

void add_event_option(CommandLine& line) {
  line.advanced().add_options()  //
      ("event,e", po::value<std::string>()->value_name("NAME"),
       "which event, in a recording of several (the first with samples)");
}

Result<void> choose_event(const ParsedOptions& options, const Profile& profile,
                          view::Filter& filter) {
  const std::vector<view::EventRow> events = view::event_list(profile);
  if (!options.has("event")) {
    filter.event = view::main_row(events);
    return {};
  }
  const auto wanted = options.get<std::string>("event");
  // By another name, as -e of a recording takes it.
  const auto known = record::parse_event_name(wanted);
  const auto found = std::ranges::find_if(events, [&](const view::EventRow& row) {
    return row.event->name == wanted || (known && row.event->name == known->name);
  });
  if (found != events.end()) {
    filter.event = static_cast<std::uint16_t>(found - events.begin());
    return {};
  }
  std::vector<std::string> names;
  names.reserve(events.size());
  for (const view::EventRow& row : events) names.push_back(row.event->name);
  const std::string nearest = nearest_name(wanted, names);
  return std::unexpected(Error{.what = "--event: no samples of '" + wanted + "'",
                               .advice = nearest.empty() ? "this profile has " + names_of(events)
                                                         : "did you mean " + nearest + "?"});
}

Result<Profile> load_input(const ParsedOptions& options, view::Filter& filter) {
  const auto input = options.get<std::string>("input", "profiler.data");
  auto profile = load_profile(input, symbol_sources(options));
  if (!profile) return profile;
  complain_of_damage(input, profile->run);
  if (is_empty(*profile))
    std::fprintf(stderr, "profiler: %s: has no samples\n", render::printable(input).c_str());
  if (const auto event = choose_event(options, *profile, filter); !event)
    return std::unexpected(event.error());
  return profile;
}

Result<view::Filter> filter_of(const ParsedOptions& options) {
  view::Filter filter;
  filter.sys_only = options.flag("sys");
  filter.wait_only = options.flag("wait");
  if (filter.sys_only && filter.wait_only) {
    return std::unexpected(
        Error{.what = "--sys and --wait exclude each other", .advice = "give one of them"});
  }
  bool has_range = false;
  for (const std::string& text : filters(options)) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos) return failure("no '=' in '" + text + "'");
    const std::string key = text.substr(0, equals);
    const std::string value = text.substr(equals + 1);
    if (value.empty()) return failure("nothing after '=' in '" + text + "'");
    if (key == "wait") {
      if (filter.wait != WaitClass::kNone) return failure("wait is given twice");
      const auto wait = parse_wait_class(value);
      if (!wait) return std::unexpected(wait.error());
      filter.wait = *wait;
    } else if (key == "time") {
      if (std::exchange(has_range, true)) return failure("time is given twice");
      if (auto range = parse_range(value, filter); !range) return std::unexpected(range.error());
    } else if (std::string* const wanted = text_of(filter, key)) {
      if (!wanted->empty()) return failure(key + " is given twice");
      *wanted = value;
    } else {
      return failure("no key '" + key + "'");
    }
  }
  return filter;
}

std::string describe_filter(const ParsedOptions& options) {
  std::string text = options.flag("sys") ? "sys" : "";
  if (options.flag("wait")) text = "wait";
  for (const std::string& filter : filters(options)) text += (text.empty() ? "" : ", ") + filter;
  return text;
}

}  // namespace profiler::cli
