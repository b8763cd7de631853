// A way to count system calls. There are two: a BPF program in the kernel (bpf_backend.h), and
// records of trace points (ring_backend.h).
//
//   auto backend = open_bpf_backend(settings, options, target);
//   backend->share_rings(rings, attr);  backend->start();  …  backend->stop();
//   CallTotals totals = backend->totals();
#pragma once

#include <linux/perf_event.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>

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

/// What is in no row.
struct CountedLosses {
  std::uint64_t calls = 0;    ///< Or records of them.
  std::uint64_t samples = 0;  ///< Of callers.
};

class Backend {
 public:
  virtual ~Backend() = default;
  [[nodiscard]] virtual SyscallBackend kind() const = 0;

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

  /// So far; after stop(), in all. Calls under way are in it.
  [[nodiscard]] virtual CallTotals totals() const = 0;
  [[nodiscard]] virtual CountedLosses losses() const = 0;
  /// SyscallAccount::killed_cpu_ns
  [[nodiscard]] virtual std::uint64_t killed_cpu_ns() const = 0;
  /// Of a thread or process that the backend saw end: its name then; "" if it did not.
  [[nodiscard]] virtual std::string name_of_ended(std::int64_t group) const = 0;
};

}  // namespace profiler::syscalls
