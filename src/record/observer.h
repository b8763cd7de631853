// Something else that watches the target while it is sampled, and shares the recording's rings and
// pipeline: the counting of system calls (src/syscalls) is one.
//
//   class Counter : public Observer { … };
//   record(options, pipeline, progress, &counter);
//
// Its functions are called in the order in which they stand here: owns() and on_sample() on the
// worker's thread, from open() until the recording has ended, all others on record()'s. What fails
// is the observer's to remember: the recording goes on without it.
#pragma once

#include <linux/perf_event.h>

#include <cstdint>
#include <span>

#include "pipeline/pipeline.h"
#include "profiler/event.h"
#include "record/event_ring.h"
#include "record/record_options.h"
#include "record/target.h"

namespace profiler::record {

class Observer {
 public:
  virtual ~Observer() = default;

  /// The target has been found or forked, but nothing of it was let go, and no event is open: time
  /// for what takes long. Both outlive the observer's work.
  virtual void prepare(const RecordOptions& options, const Target& target) = 0;
  /// The sampling events are open. `sample_rings`, one a CPU: events of the same CPU may be
  /// redirected to them (PerfEvent::redirect_to) if their attributes are `attr` but for type,
  /// config and period; their records come back by on_sample(). Empty, and null, where nothing
  /// could be opened.
  virtual void open(std::span<const EventRing> sample_rings, const perf_event_attr* attr) = 0;
  /// Whether a record with that PERF_SAMPLE_ID is the observer's. Does not change after open().
  [[nodiscard]] virtual bool owns(std::uint64_t event_id) const = 0;
  /// A record of its own, of a process of the target, in order of time with what the pipeline is
  /// given.
  virtual void on_sample(const SampleEvent& sample, pipeline::Pipeline& pipeline) = 0;
  /// The target is let go next, or was never held.
  virtual void start() = 0;
  /// About once a second.
  virtual void look() = 0;
  /// The target has ended, or is to be watched no longer. Before the rings are emptied.
  virtual void stop() = 0;
};

}  // namespace profiler::record
