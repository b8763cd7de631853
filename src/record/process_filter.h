// Drops the samples of strangers inside the kernel: a BPF program on each sampling event of a whole
// CPU, and a set of process ids that follows fork by itself (process_tree.bpf.c).
//
//   Result<ProcessFilter> filter = ProcessFilter::load();   // 30 to 110 ms; follows forks from now
//   filter->add(pid); …                                      // the processes there are
//   for (const PerfEvent& event : …) filter->attach(event);  // from now on, nobody else's samples
//
// It has the stacks of waits taken, too (Extra): at each context switch such a program has to run.
//
// Optional: the Error says what is missing, and the samples of strangers then are dropped after
// they were copied. When to load it and what to add is the business of sampling.h, where it is to
// do something besides, else of stranger_filter.h.
#pragma once

#include <cstdint>
#include <memory>

#include "profiler/error.h"
#include "profiler/event.h"
#include "record/event_set.h"
#include "record/perf_event.h"

namespace profiler::record {

class ProcessFilter {
 public:
  /// What it does besides.
  enum class Extra : std::uint8_t {
    kNothing,
    kSwitches,           ///< send_switches_to() will be called.
    kSwitchesAndWakers,  ///< send_wakers_to() too.
  };
  /// Error: built without BPF, not permitted (CAP_BPF and CAP_PERFMON), no BTF, or a pid namespace
  /// of our own, where ids differ from the kernel's.
  static Result<ProcessFilter> load(Extra extra = Extra::kNothing);
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
  /// The event, of PERF_COUNT_SW_BPF_OUTPUT and that CPU, has a sample of threads that leave it: of
  /// all of a target's, up to about a thousand a second, else of as many at random.
  [[nodiscard]] Result<void> send_switches_to(const PerfEvent& event, std::uint32_t cpu) const;
  /// Likewise, whenever a thread is woken there from a wait that was sampled: a sample of the
  /// waker, with the woken thread's id as raw data.
  [[nodiscard]] Result<void> send_wakers_to(const PerfEvent& event, std::uint32_t cpu) const;

 private:
  struct State;
  explicit ProcessFilter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace profiler::record
