// A way to count system calls. There are two: a BPF program in the kernel (bpf_backend.h), and
// records of trace points (ring_backend.h).
//
//   auto backend = open_bpf_backend(grouping, callers, options, target);
//   backend->sample_callers(rings, attr);  backend->start();  …  backend->stop();
//   SyscallAccount account = backend->account(intern);
#pragma once

#include <linux/perf_event.h>

#include <cstdint>
#include <optional>
#include <span>

#include "profiler/error.h"
#include "profiler/event.h"
#include "profiler/syscall_account.h"
#include "record/event_ring.h"
#include "syscalls/call_totals.h"
#include "syscalls/caller_sums.h"

namespace profiler::syscalls {

/// One sampled call, whose user stack is in the record.
struct CallerSample {
  CallKey key;
  SampledCall call;
};

class Backend {
 public:
  virtual ~Backend() = default;
  /// See record::Observer::open(): for events with the stacks of callers.
  [[nodiscard]] virtual Result<void> sample_callers(std::span<const record::EventRing> rings,
                                                    const perf_event_attr& attr) = 0;
  /// Whether a record with that PERF_SAMPLE_ID is one of those.
  [[nodiscard]] virtual bool owns(std::uint64_t event_id) const = 0;
  /// What such a record says; none if it is damaged. From one thread at a time, which may be
  /// another than that of the rest.
  [[nodiscard]] virtual std::optional<CallerSample> caller(const SampleEvent& sample) = 0;

  [[nodiscard]] virtual Result<void> start() = 0;
  virtual void stop() = 0;

  /// What was counted so far, calls under way included; after stop(), all. Without callers and
  /// page faults.
  [[nodiscard]] virtual SyscallAccount account(const CallTotals::Intern& intern) const = 0;
};

}  // namespace profiler::syscalls
