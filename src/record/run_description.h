// Where and when a recording was made, for profile.run.
#pragma once

#include <span>

#include "profiler/profile.h"
#include "record/event_name.h"
#include "record/record_options.h"

namespace profiler::record {

/// Fills in host, kernel, architecture, CPUs, command, scope, start times and the events.
/// `run.start_monotonic_ns` is kept if it was set.
void describe_run(Run& run, const RecordOptions& options, std::span<const NamedEvent> events);

}  // namespace profiler::record
