// A whole live recording: starts or finds the target, samples it into a Pipeline until it ends.
//
//   auto ended = record(options, pipeline, progress);
//   if (!ended) return exit_status(ended.error().failure);   // 125, 126, 127
//
// Threads: the caller's (signals, child, end conditions), a reader that only copies records out of
// the rings, a worker that orders them and feeds the pipeline.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>

#include "pipeline/pipeline.h"
#include "profiler/error.h"
#include "record/observer.h"
#include "record/record_options.h"

namespace profiler::record {

/// For the progress line, about once a second.
struct Progress {
  std::uint64_t elapsed_ns = 0;
  std::uint64_t samples = 0;
  std::uint64_t lost = 0;
};

/// How a recording failed before it began, in terms of the command's exit status.
enum class StartFailure : std::uint8_t {
  kNone,
  kProfiler /*125*/,
  kNotExecutable /*126*/,
  kNotFound /*127*/
};

struct RecordError {
  Error error;
  StartFailure failure = StartFailure::kProfiler;
};

/// Records until the target ends, a limit is reached or SIGINT/SIGTERM asks for the end, feeding
/// `pipeline` (not yet finish()ed when this returns) and filling in `pipeline.profile().run`: the
/// command, host, events, coverage, exit status, time charged, losses, notes.
///
/// perf_event_open refused altogether is no error: the command still runs, `run.events` is what was
/// asked for, there are no samples, and a note says which setting or right is missing.
///
/// `progress` may be empty; it is called on the caller's thread. `observer` may be null.
std::expected<void, RecordError> record(const RecordOptions& options, pipeline::Pipeline& pipeline,
                                        const std::function<void(const Progress&)>& progress,
                                        Observer* observer = nullptr);

}  // namespace profiler::record
