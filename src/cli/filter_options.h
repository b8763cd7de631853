// Which samples a command looks at: --filter and --sys, the same for all that read a profile.
//
//   add_filter_options(line);
//   auto filter = filter_of(*options);         // --filter process=cc1plus,time=1.5-2
//   if (!filter) return line.fail(filter.error());
//   view::select(profile, *filter);
#pragma once

#include <string>

#include "cli/command_line.h"
#include "profiler/error.h"
#include "view/filter.h"

namespace profiler::cli {

/// Adds --filter (repeatable) and --sys to the basic options.
void add_filter_options(CommandLine& line);

/// Adds --event to the advanced options.
void add_event_option(CommandLine& line);
/// Puts the row of the event that was named into `filter`, else of the first that has samples.
[[nodiscard]] Result<void> choose_event(const ParsedOptions& options, const Profile& profile,
                                        view::Filter& filter);

/// Opens the profile that -i names (profiler.data), says on stderr if it is damaged or empty, and
/// chooses the event: for commands that show one event of one profile as something else than text.
[[nodiscard]] Result<Profile> load_input(const ParsedOptions& options, view::Filter& filter);

/// Adds --wait, for commands that show waits, to the basic options; filter_of() knows it then.
void add_wait_option(CommandLine& line);
/// Fails where waits were asked for, and the profile has none that could be shown.
[[nodiscard]] Result<void> check_waits(const view::Filter& filter, const view::Selection& selection,
                                       const Profile& profile);

/// Adds --wall, beside --wait, for commands that show both time on the CPU and off it.
void add_wall_option(CommandLine& line);
/// Fails where --wall was given with an option that asks for a part of it.
[[nodiscard]] Result<void> check_wall(const ParsedOptions& options, const view::Filter& filter);
/// Fails where nothing of a recording that has samples is of what was asked for: an empty picture
/// would take the place of a good one.
[[nodiscard]] Result<void> check_matches(const ParsedOptions& options, const Profile& profile,
                                         const view::Selection& selection);
/// The samples that were asked for: on the CPU; with --wait off it; with --wall, or where a command
/// shows waits wherever there are any (`waits_too`), both. Fails as check_waits() and
/// check_matches() do.
[[nodiscard]] Result<view::Selection> choose_samples(const ParsedOptions& options,
                                                     const Profile& profile,
                                                     const view::Filter& filter,
                                                     bool waits_too = false);

[[nodiscard]] Result<view::Filter> filter_of(const ParsedOptions& options);

/// As it was asked for, on one line: "sys, process=cc1plus"; "" for everything.
[[nodiscard]] std::string describe_filter(const ParsedOptions& options);

}  // namespace profiler::cli
