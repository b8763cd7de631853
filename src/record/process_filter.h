// Drops the samples of strangers inside the kernel: a BPF program on each sampling event of a whole
// CPU, and a set of process ids that follows fork by itself (process_tree.bpf.c).
//
//   Result<ProcessFilter> filter = ProcessFilter::load();   // 30 to 110 ms; follows forks from now
//   filter->add(pid); …                                      // the processes there are
//   for (const PerfEvent& event : …) filter->attach(event);  // from now on, nobody else's samples
//
// Optional: the Error says what is missing, and the samples of strangers then are dropped after
// they were copied. When to load it and what to add is stranger_filter.h's business.
#pragma once

#include <cstdint>
#include <memory>

#include "profiler/error.h"
#include "profiler/event.h"
#include "record/perf_event.h"

namespace profiler::record {

class ProcessFilter {
 public:
  /// Error: built without BPF, not permitted (CAP_BPF and CAP_PERFMON), no BTF, or a pid namespace
  /// of our own, where ids differ from the kernel's.
  /// What it does besides.
  enum class Extra : std::uint8_t {
    kNothing,
    kSwitches,           ///< send_switches_to() will be called.
    kSwitchesAndWakers,  ///< send_wakers_to() too.
  };
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
