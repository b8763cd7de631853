// What BPF adds to a recording of waits: rings with the target's context switches, and events that
// sample threads as they leave their CPUs and those that wake them. The events are opened with the
// recording's; they sample nothing until start().
//
//   BpfWaits waits;
//   auto opened = waits.open(events.sample_attr(), events.sample_rings(), {.stacks = true});
//   waits.tell(pipeline, first_free_event_row);
//   …                                            // a ProcessFilter was loaded
//   auto started = waits.start(filter, reader, worker);
#pragma once

#include <linux/perf_event.h>

#include <cstdint>
#include <span>
#include <unordered_set>
#include <vector>

#include "pipeline/pipeline.h"
#include "profiler/error.h"
#include "record/added_events.h"
#include "record/event_ring.h"
#include "record/process_filter.h"
#include "record/reader.h"
#include "record/worker.h"

namespace profiler::record {

class BpfWaits {
 public:
  struct Wanted {
    bool stacks = false;
    bool wakers = false;
  };

  /// `rings`: where the samples go, laid out as those of `sample`. They outlive it.
  [[nodiscard]] Result<void> open(const perf_event_attr& sample, std::span<const EventRing> rings,
                                  const Wanted& wanted);
  /// What their samples are: of two event rows from that one on.
  void tell(pipeline::Pipeline& pipeline, std::uint16_t first_row) const;
  /// Of these, samples are wanted whoever they are of.
  [[nodiscard]] const std::unordered_set<std::uint64_t>& waker_ids() const { return wakers_.ids(); }

  /// Once. The filter was loaded with switch rings, and outlives the reader. Soon the worker takes
  /// context switches from them. Returns until when the kernel's records of them have to go on.
  [[nodiscard]] Result<std::uint64_t> start(ProcessFilter& filter, Reader& reader, Worker& worker);
  /// Returns how many switches were lost that the rings do not tell of.
  std::uint64_t stop();

 private:
  [[nodiscard]] Result<void> connect(ProcessFilter& filter) const;

  std::vector<std::uint32_t> cpus_;  // Of the rings, in their order.
  AddedEvents leavers_;
  AddedEvents wakers_;
  ProcessFilter* filter_ = nullptr;
};

}  // namespace profiler::record
