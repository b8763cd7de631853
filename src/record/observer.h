// Something else that watches the target while it is sampled, and shares the recording's rings and
// pipeline: the counting of system calls (src/syscalls) is one.
//
//   class Counter : public Observer { … };
//   record(options, pipeline, progress, &counter);
//
// Calls come in the order in which they are declared here; on_sample() on the worker's thread, all
// others on record()'s.
#pragma once

#include <cstdint>
#include <span>

#include "pipeline/pipeline.h"
#include "profiler/error.h"
#include "profiler/event.h"
#include "record/event_ring.h"
#include "record/target.h"

namespace profiler::record {

/// What there is to watch, and with.
struct Observed {
  const Target& target;
  const RecordOptions& options;
  /// Rings of samples, one a CPU, to which events of the same CPU may be redirected
  /// (PerfEvent::redirect_to) if their attributes are those of `sample_attr` but for type, config
  /// and period; empty if nothing could be opened. Their records come back by on_sample().
  std::span<const EventRing> sample_rings;
  const perf_event_attr* sample_attr = nullptr;  ///< Null if there are no rings.
};

class Observer {
 public:
  virtual ~Observer() = default;

  /// The target has been found, or forked, but not let go. What fails here is the observer's to
  /// remember: the recording goes on without it.
  virtual void attach(const Observed& observed) = 0;
  /// Whether a record with that PERF_SAMPLE_ID is the observer's; known after attach().
  [[nodiscard]] virtual bool owns(std::uint64_t event_id) const = 0;
  /// A record of its own, of a process of the target, in order of time with what the pipeline is
  /// given.
  virtual void on_sample(const SampleEvent& sample, pipeline::Pipeline& pipeline) = 0;
  /// About once a second.
  virtual void look() = 0;
  /// The target has ended, or is to be watched no longer. Before the rings are emptied.
  virtual void detach() = 0;
};

}  // namespace profiler::record
