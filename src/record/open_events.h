// Chooses and opens the events of a recording: for whole CPUs or following the target's forks, with
// what is needed for waits, as far as this user is permitted.
//
//   std::vector<std::string> notes;
//   auto opened = open_events(options, named, target, notes);
#pragma once

#include <expected>
#include <span>
#include <string>
#include <vector>

#include "profiler/profile.h"
#include "record/event_name.h"
#include "record/event_set.h"
#include "record/record_options.h"
#include "record/target.h"

namespace profiler::record {

struct OpenedEvents {
  EventSet events;
  Coverage coverage = Coverage::kPerCpu;
  /// The last row of samples are the stacks of waits.
  bool has_wait_stacks = false;
};

/// Opens the events, per CPU where that is permitted. `notes` gets a line for whatever had to be
/// given up. A program's events are started by its exec, if the coverage allows.
[[nodiscard]] std::expected<OpenedEvents, OpenError> open_events(const RecordOptions& options,
                                                                 std::span<const NamedEvent> named,
                                                                 const Target& target,
                                                                 std::vector<std::string>& notes);

}  // namespace profiler::record
