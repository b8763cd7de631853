// Where and when a recording was made, for profile.run.
#pragma once

#include "profiler/profile.h"
#include "record/event_name.h"
#include "record/record_options.h"

namespace profiler::record {

/// Fills in host, kernel, architecture, CPUs, command, scope, start times and the event.
/// `run.start_monotonic_ns` is kept if it was set.
void describe_run(Run& run, const RecordOptions& options, const NamedEvent& event);

}  // namespace profiler::record
