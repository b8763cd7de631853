// One event opened by perf_event_open(2), and what to give up when a kernel refuses it.
//
//   Result<PerfEvent> event = PerfEvent::open(attr, {.pid = -1, .cpu = 0});
//   event->enable();
//
// Not here: which events a recording opens (event_set.h) and their rings (ring_buffer.h).
#pragma once

#include <linux/perf_event.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "profiler/error.h"
#include "record/file_descriptor.h"

namespace profiler::record {

/// Where an event counts: the pid, cpu and flags arguments of perf_event_open(2).
struct EventPlace {
  int pid = -1;  ///< A thread; -1: whoever runs on `cpu`. A cgroup's descriptor with that flag.
  int cpu = -1;
  unsigned long flags = 0;
};

/// The system call, replaceable in tests: returns a descriptor or a negated errno.
using OpenCall = std::function<int(perf_event_attr&, const EventPlace&)>;
[[nodiscard]] int perf_event_open_call(perf_event_attr& attr, const EventPlace& place);

class PerfEvent {
 public:
  explicit PerfEvent(FileDescriptor fd) : fd_(std::move(fd)) {}

  [[nodiscard]] int fd() const { return fd_.get(); }
  /// PERF_SAMPLE_ID of its records; 0 if the kernel will not tell.
  [[nodiscard]] std::uint64_t id() const;
  void enable() const;   ///< With inherited events, in all children too.
  void disable() const;  ///< Likewise.
  /// Enables it for so many samples more, whatever is left of earlier ones; then it disables
  /// itself. Not of an inherited event.
  void enable_for(int samples) const;
  /// What it has counted, of itself and the children that it follows; none if it cannot be read.
  /// Only of events with no read_format.
  [[nodiscard]] std::optional<std::uint64_t> count() const;
  /// Writes its records to the ring of the event `other_fd`, which counts on the same CPU.
  [[nodiscard]] Result<void> redirect_to(int other_fd) const;
  /// Of a trace point: what its fields have to match, as in tracefs ("prev_pid != 0").
  [[nodiscard]] Result<void> set_filter(const std::string& filter) const;
  /// Records that found its ring full; none before Linux 6.0 (PERF_FORMAT_LOST).
  [[nodiscard]] std::optional<std::uint64_t> lost(std::uint64_t read_format) const;

 private:
  FileDescriptor fd_;
};

/// Opens, and while the kernel says EINVAL takes back, one at a time and newest first, what older
/// kernels do not know; `attr` is left as it was accepted. With EACCES or EPERM for kernel mode it
/// is restricted to user mode if `may_drop_kernel`. Other refusals are the Error.
[[nodiscard]] Result<PerfEvent> open_event(perf_event_attr& attr, const EventPlace& place,
                                           bool may_drop_kernel,
                                           const OpenCall& call = perf_event_open_call);

}  // namespace profiler::record
