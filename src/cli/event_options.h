// What -e names, as events to be opened: by name, or as trace points, one or all that match.
//
//   auto events = parse_events(parsed.get<std::vector<std::string>>("event"));
//   if (!events) return line.fail(events.error());   // "no event named 'page-fault'; did you mean
//   …" options.events = *events;
//
// Whether this machine can count them, opening them tells.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "profiler/error.h"
#include "record/event_name.h"
#include "record/tracefs.h"

namespace profiler::cli {

/// Lists as -e has them each time it is given: "page-faults,block:*". In that order, those of a
/// pattern by name, each once. `tracefs` is opened if a trace point is named.
[[nodiscard]] Result<std::vector<record::NamedEvent>> parse_events(
    std::span<const std::string> given, const std::function<Result<record::Tracefs>()>& tracefs =
                                            [] { return record::Tracefs::open(); });

}  // namespace profiler::cli
