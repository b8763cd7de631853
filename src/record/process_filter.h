// Drops the samples of strangers inside the kernel: a BPF program on each sampling event of a whole
// CPU, and a set of process ids that follows fork by itself (process_tree.bpf.c).
//
//   Result<ProcessFilter> filter = ProcessFilter::load();   // 30 to 110 ms; follows forks from now
//   filter->add(pid); …                                      // the processes there are
//   for (const PerfEvent& event : …) filter->attach(event);  // from now on, nobody else's samples
//
// It records context switches too, and has the stacks of waits taken (FilterExtra): of the target's
// only, and for a fifth of what events of the kernel's cost.
//
// Optional: the Error says what is missing, and the samples of strangers then are dropped after
// they were copied. When to load it and what to add is the business of sampling.h, where it is to
// do something besides, else of stranger_filter.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "profiler/error.h"
#include "profiler/event.h"
#include "record/event_ring.h"
#include "record/event_set.h"
#include "record/perf_event.h"

namespace profiler::record {

/// What a ProcessFilter does besides.
struct FilterExtra {
  /// Of each ring of context switches, a power of two of pages; 0: switches are nothing to it.
  std::size_t switch_ring_bytes = 0;
  bool wait_stacks = false;  ///< send_wait_stacks_to() will be called.
  bool wakers = false;       ///< send_wakers_to() too.
};

class ProcessFilter {
 public:
  /// Error: built without BPF, not permitted (CAP_BPF and CAP_PERFMON), no BTF, or a pid namespace
  /// of our own, where ids differ from the kernel's.
  static Result<ProcessFilter> load(const FilterExtra& extra = {});
  ~ProcessFilter();
  ProcessFilter(ProcessFilter&&) noexcept;
  ProcessFilter& operator=(ProcessFilter&&) noexcept;

  [[nodiscard]] bool contains(Pid pid) const;
  /// False: the set is full; then every sample is kept.
  bool add(Pid pid);
  /// Of nobody's samples are any left out from now on.
  void keep_everybody();
  /// Until the event is closed.
  [[nodiscard]] Result<void> attach(const PerfEvent& event) const;
  /// To all of the set's sampling events that take such a program: trace points do not, and the
  /// samples of strangers at those are copied. Error: none does.
  [[nodiscard]] Result<void> attach(const EventSet& events) const;
  /// With FilterExtra::switch_ring_bytes: rings of the target's context switches, on these CPUs.
  /// Empty until start_switches().
  [[nodiscard]] Result<std::span<EventRing>> map_switch_rings(std::span<const std::uint32_t> cpus);
  void start_switches();
  void stop_switches();
  /// Switches that there was no room for since a ring last said how many.
  [[nodiscard]] std::uint64_t switches_untold() const;
  /// The event, of PERF_COUNT_SW_BPF_OUTPUT and that CPU, has a sample of threads that leave it: of
  /// all of a target's, up to about a thousand a second, else of as many at random.
  [[nodiscard]] Result<void> send_wait_stacks_to(const PerfEvent& event, std::uint32_t cpu) const;
  /// Likewise, whenever a thread is woken there from a wait that was sampled: a sample of the
  /// waker, with the woken thread's id as raw data.
  [[nodiscard]] Result<void> send_wakers_to(const PerfEvent& event, std::uint32_t cpu) const;

 private:
  struct State;
  explicit ProcessFilter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace profiler::record
