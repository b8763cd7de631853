// Decoded records of perf_event_open(2), as values. Source: PERF_RECORD_* in linux/perf_event.h.
//
//   if (const auto* sample = std::get_if<SampleEvent>(&event)) use(sample->stack_bytes);
//
// String and span members point into the record's bytes: they live as long as those do.
// Not here: how records are laid out (src/events) or where they come from (src/record).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <variant>

#include "profiler/address.h"
#include "profiler/build_id.h"

namespace profiler {

using Pid = std::int32_t;  ///< Process (thread group) id as the profiler's pid namespace sees it.
using Tid = std::int32_t;  ///< Thread id, likewise.

/// PERF_RECORD_MISC_CPUMODE of a record: on whose behalf the CPU was executing.
enum class CpuMode : std::uint8_t {
  kUnknown,
  kKernel,
  kUser,
  kHypervisor,
  kGuestKernel,
  kGuestUser
};

/// What every record carries (sample_id_all). Zero where the source had no such field.
struct EventContext {
  std::uint64_t time_ns =
      0;  ///< CLOCK_MONOTONIC for our own recordings; the file's clock otherwise.
  Pid pid = 0;
  Tid tid = 0;
  std::uint32_t cpu = 0;
  std::uint64_t id = 0;  ///< Which opened event it belongs to.
};

/// PERF_RECORD_MMAP, PERF_RECORD_MMAP2: `process` has mapped a file.
struct MmapEvent {
  EventContext context;
  Pid pid = 0;
  Tid tid = 0;
  RuntimeAddress start;
  std::uint64_t length = 0;
  FileOffset file_offset;
  bool executable = true;
  BuildId build_id;                ///< Empty unless the kernel gave it (MISC_MMAP_BUILD_ID).
  std::uint32_t device_major = 0;  ///< Device and inode are zero when a build id was given.
  std::uint32_t device_minor = 0;
  std::uint64_t inode = 0;
  std::uint64_t inode_generation = 0;
  std::string_view path;  ///< "/lib/…", "[vdso]", "//anon", "… (deleted)".
};

/// PERF_RECORD_COMM: a thread has a new name; `exec` when that is because of execve.
struct CommEvent {
  EventContext context;
  Pid pid = 0;
  Tid tid = 0;
  bool exec = false;
  std::string_view name;
};

/// PERF_RECORD_FORK: a new thread (pid == parent_pid) or process.
struct ForkEvent {
  EventContext context;
  Pid pid = 0;
  Pid parent_pid = 0;
  Tid tid = 0;
  Tid parent_tid = 0;
  /// MISC_FORK_EXEC, in records that perf made up from /proc: the process has since become another
  /// program, so it has none of its parent's mappings.
  bool exec = false;
};

/// PERF_RECORD_EXIT: a thread has ended.
struct ExitEvent {
  EventContext context;
  Pid pid = 0;
  Pid parent_pid = 0;
  Tid tid = 0;
  Tid parent_tid = 0;
};

/// User registers of a sample: `values` has one entry for each set bit of `mask`, in bit order
/// (asm/perf_regs.h). `abi` is PERF_SAMPLE_REGS_ABI_*; 0: none were sampled (a kernel thread).
struct UserRegisters {
  std::uint64_t abi = 0;
  std::uint64_t mask = 0;
  std::span<const std::uint64_t> values;
};

/// PERF_RECORD_SAMPLE.
struct SampleEvent {
  EventContext context;
  CpuMode mode = CpuMode::kUnknown;
  RuntimeAddress ip;
  std::uint64_t period = 0;                  ///< In the event's unit: nanoseconds for clocks.
  std::span<const std::uint64_t> callchain;  ///< Innermost first, with PERF_CONTEXT_* markers.
  std::span<const std::byte>
      raw;  ///< PERF_SAMPLE_RAW, with its padding: what the event itself tells.
  UserRegisters user_registers;
  std::span<const std::byte>
      user_stack;  ///< The valid bytes (dyn_size), from the stack pointer up.
  std::uint64_t user_stack_requested = 0;  ///< What the ring reserved for them (the size granted).
};

/// PERF_RECORD_LOST, PERF_RECORD_LOST_SAMPLES: the ring was full.
struct LostEvent {
  EventContext context;
  std::uint64_t lost = 0;
  bool samples_only = false;
};

/// PERF_RECORD_THROTTLE (and UNTHROTTLE): the kernel has stopped (restarted) an event.
struct ThrottleEvent {
  EventContext context;
  bool throttled = true;
};

/// PERF_RECORD_KSYMBOL: kernel code has appeared or, with `unregister`, gone (BPF, trampolines).
struct KsymbolEvent {
  EventContext context;
  RuntimeAddress start;
  std::uint32_t length = 0;
  std::uint16_t type = 0;  ///< PERF_RECORD_KSYMBOL_TYPE_*
  bool unregister = false;
  std::string_view name;
};

/// PERF_RECORD_SWITCH, PERF_RECORD_SWITCH_CPU_WIDE: context.tid left or entered its CPU.
struct SwitchEvent {
  EventContext context;
  bool out = false;
  bool preempted = false;  ///< Only with `out`: it was still runnable.
  /// Not with `out`: when it was woken from the wait that is over now; 0: not known.
  std::uint64_t woken_ns = 0;
};

/// A record type that is not decoded; counted, never silently dropped.
struct UnknownEvent {
  EventContext context;
  std::uint32_t type = 0;
};

using Event = std::variant<SampleEvent, MmapEvent, CommEvent, ForkEvent, ExitEvent, LostEvent,
                           ThrottleEvent, KsymbolEvent, SwitchEvent, UnknownEvent>;

}  // namespace profiler
