// What counting every system call has shown, as tables of small rows: written and read by
// src/profile, filled by src/syscalls, looked at by src/view. A part of Profile.
//
//   for (const SyscallRow& row : profile.syscalls.rows)
//     profile.text(row.name), row.calls, row.cpu_ns
//
// Counts and times are exact, but for those of SyscallCallerRow, which are estimates. Times are in
// nanoseconds.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "profiler/duration_histogram.h"
#include "profiler/indexed_table.h"
#include "profiler/row_index.h"

namespace profiler {

/// Whose numbers a call has.
enum class SyscallAbi : std::uint8_t {
  kNative,
  kCompat32,  ///< 32-bit programs on a 64-bit kernel: i386, arm.
  kX32,       ///< 64-bit instructions, 32-bit pointers (x86-64); numbers without bit 30.
};

/// How calls were counted.
enum class SyscallBackend : std::uint8_t {
  kNone,  ///< They were not.
  kBpf,   ///< A BPF program, inside the kernel.
  kRing,  ///< Tracepoint records, by the profiler.
};

/// What rows are told apart by, besides the call.
enum class SyscallGrouping : std::uint8_t { kNone, kThread, kProcess, kCgroup };

/// One call of one group.
struct SyscallRow {
  StringIndex name;           ///< "read"; "syscall_999" for a number that has no name.
  StringIndex group;          ///< "worker (4711)", or a cgroup's path; none without grouping.
  std::int64_t group_id = 0;  ///< Thread, process, or cgroup id; 0 without grouping.
  std::int32_t number = 0;
  SyscallAbi abi = SyscallAbi::kNative;
  /// All that were entered while counting, and those that had been entered before and returned.
  std::uint64_t calls = 0;
  std::uint64_t errors = 0;    ///< Returned an errno (1 to 4095), but for restarts.
  std::uint64_t restarts = 0;  ///< Were interrupted, to be made again (ERESTART*): no errors.
  /// Under way when counting ended; exit and exit_group, which never return, are none of them.
  std::uint64_t unfinished = 0;
  std::uint64_t begun_before = 0;  ///< Under way when counting began.
  /// Sum of what it returned, errors and restarts aside, modulo 2^64: bytes of read and write,
  /// ready descriptors of poll. Means nothing for calls that return addresses or numbers of things.
  std::uint64_t returned = 0;
  std::uint64_t wall_ns = 0;  ///< Within the time of counting.
  std::uint64_t cpu_ns = 0;   ///< Of that, on a CPU.
  std::uint64_t min_ns = 0;   ///< Of the wall time of one call, as are the following.
  std::uint64_t max_ns = 0;
  double squares_ns2 = 0;  ///< Sum of the squares.
  DurationHistogram durations;
  bool operator==(const SyscallRow&) const = default;
};

/// Errors of a row by errno.
struct SyscallErrorRow {
  SyscallIndex row;
  std::int32_t error = 0;  ///< EAGAIN, …
  std::uint64_t count = 0;
  bool operator==(const SyscallErrorRow&) const = default;
};

/// A user stack that made calls of a row: its estimated share of them. The estimates of a row add
/// up to its exact figures, or are 0 where none was sampled.
struct SyscallCallerRow {
  SyscallIndex row;
  StackIndex stack;  ///< With a user part only.
  std::uint64_t calls = 0;
  std::uint64_t wall_ns = 0;
  std::uint64_t cpu_ns = 0;
  std::uint64_t samples = 0;
  bool operator==(const SyscallCallerRow&) const = default;
};

struct SyscallAccount {
  SyscallBackend backend = SyscallBackend::kNone;
  SyscallGrouping grouping = SyscallGrouping::kNone;
  IndexedTable<SyscallRow, SyscallIndex> rows;
  std::vector<SyscallErrorRow> errors;
  std::vector<SyscallCallerRow> callers;
  std::uint64_t lost = 0;  ///< Records (ring) or calls (BPF: full maps) that are in no row.
  /// CPU time of ending threads whom no call of theirs ended: killed, or by another's exit_group.
  std::uint64_t killed_cpu_ns = 0;
  /// Page faults taken in user mode, by count; none: not counted.
  std::optional<std::uint64_t> user_minor_faults;
  std::optional<std::uint64_t> user_major_faults;
  bool operator==(const SyscallAccount&) const = default;

  [[nodiscard]] bool counted() const { return backend != SyscallBackend::kNone; }
};

}  // namespace profiler
