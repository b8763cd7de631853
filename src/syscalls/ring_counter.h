// Counting system calls by records of trace points, where BPF is not to be had: a thread reads them
// from rings of their own, while everything else goes on.
//
//   auto ring = RingCounter::attach(target, options, {.grouping = SyscallGrouping::kThread});
//   SyscallAccount soon = (*ring)->account(intern);       // so far; from any thread
//   (*ring)->detach();
//   SyscallAccount all = (*ring)->account(intern);
//
// Added to each call: half a microsecond, and the reading of it elsewhere. Not here: the stacks of
// callers (ring_backend.h); but what is known of a call that was sampled.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "profiler/error.h"
#include "profiler/profile.h"
#include "profiler/syscall_account.h"
#include "record/file_descriptor.h"
#include "record/record_options.h"
#include "record/target.h"
#include "syscalls/call_groups.h"
#include "syscalls/call_totals.h"
#include "syscalls/call_tracker.h"
#include "syscalls/long_calls.h"
#include "syscalls/ring_events.h"
#include "syscalls/ring_records.h"

namespace profiler::syscalls {

struct RingSettings {
  SyscallGrouping grouping = SyscallGrouping::kNone;
  std::uint64_t ring_bytes = 0;  ///< Per CPU; 0: large enough for the fastest calls.
  bool callers = false;          ///< call_returning_at() will be asked.
};

class RingCounter {
 public:
  /// Counts from now on; a program of ours from its exec on. Error: what is missing, and what to
  /// do. `options` are not kept.
  static Result<std::unique_ptr<RingCounter>> attach(const record::Target& target,
                                                     const record::RecordOptions& options,
                                                     const RingSettings& settings);
  ~RingCounter();
  RingCounter(const RingCounter&) = delete;
  RingCounter& operator=(const RingCounter&) = delete;

  /// Counts no more; what is under way is unfinished. Once.
  void detach();
  /// What has been counted, up to a few milliseconds ago, calls under way included; after detach(),
  /// all.
  [[nodiscard]] SyscallAccount account(const CallTotals::Intern& intern) const;

  struct KnownCall {
    CallKey key;
    std::uint64_t wall_ns = 0;
    std::uint64_t cpu_ns = 0;
  };
  /// The call from which a thread was about to return, as a sample of the same trace point tells
  /// that: the times are its own if it took long, else what such calls take. From any thread.
  [[nodiscard]] KnownCall call_returning_at(std::uint64_t time_ns, Pid pid, Tid tid,
                                            std::int64_t number, SyscallAbi abi);

  [[nodiscard]] Coverage coverage() const { return events_.coverage(); }
  [[nodiscard]] std::uint64_t ring_bytes() const { return events_.ring_bytes(); }
  /// CPU time of the reading thread, once detached.
  [[nodiscard]] std::uint64_t reader_cpu_ns() const { return reader_cpu_ns_; }
  [[nodiscard]] std::uint64_t records() const { return records_.taken(); }

 private:
  RingCounter(RingEvents events, const RingSettings& settings, bool all);
  void add_target(const record::Target& target, const record::RecordOptions& options);
  void take_until(std::uint64_t time_ns);
  void run();

  RingEvents events_;
  mutable std::mutex mutex_;  // Of all that follow, while the thread runs.
  CallTotals totals_;
  LongCalls long_calls_;
  CallGroups groups_;
  CallTracker tracker_;
  RingRecords records_;
  std::uint64_t taken_until_ns_ = 0;
  std::uint64_t reader_cpu_ns_ = 0;
  record::FileDescriptor wake_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace profiler::syscalls
