// Where and when a recording was made, for profile.run.
#pragma once

#include <linux/perf_event.h>

#include <span>

#include "profiler/profile.h"
#include "record/event_name.h"
#include "record/record_options.h"

namespace profiler::record {

/// Fills in host, kernel, architecture, CPUs, command, scope, start times and the events.
/// `run.start_monotonic_ns` is kept if it was set.
void describe_run(Run& run, const RecordOptions& options, std::span<const NamedEvent> events);

/// How often the event is sampled, as it was opened.
void set_rate(EventInfo& event, const perf_event_attr& attr);

}  // namespace profiler::record
