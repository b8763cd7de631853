// The counted system calls as a table: a row for each call, or for each call of each thread,
// process or cgroup, with the user code behind it.
//
//   SyscallTable table = syscall_table(profile, profile.syscalls.grouping);
//   sort_syscalls(table, SyscallSort::kWall);
//   table.rows[0].name, table.rows[0].cpu_ns, table.rows[0].callers[0].function
//
// Rows add up to the account. Nothing here is sampled but the callers, which are estimates.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "profiler/profile.h"
#include "view/call_site.h"
#include "view/call_tree.h"

namespace profiler::view {

/// Below that, percentiles would be single calls.
inline constexpr std::uint64_t kFewCalls = 30;

struct SyscallCaller : CallSite {
  std::uint64_t calls = 0;
  std::uint64_t wall_ns = 0;
  std::uint64_t cpu_ns = 0;
  std::uint64_t samples = 0;
};

struct SyscallErrno {
  std::int32_t number = 0;
  std::uint64_t count = 0;
  bool operator==(const SyscallErrno&) const = default;
};

/// The fields of profiler::SyscallRow mean what they mean there.
struct SyscallTableRow {
  std::string name;
  SyscallAbi abi = SyscallAbi::kNative;
  std::int32_t number = 0;
  std::string group;
  std::int64_t group_id = 0;
  std::uint64_t calls = 0;
  std::uint64_t errors = 0;
  std::uint64_t restarts = 0;
  std::uint64_t unfinished = 0;
  std::uint64_t begun_before = 0;
  std::uint64_t returned = 0;
  std::uint64_t wall_ns = 0;
  std::uint64_t cpu_ns = 0;
  std::uint64_t min_ns = 0;
  std::uint64_t max_ns = 0;
  double mean_ns = 0;
  double stddev_ns = 0;                 ///< Of all calls, not an estimate from some.
  std::optional<std::uint64_t> p50_ns;  ///< None for few calls.
  std::optional<std::uint64_t> p99_ns;
  DurationHistogram durations;
  std::vector<SyscallErrno> errnos;      ///< Most frequent first.
  std::vector<SyscallCaller> callers;    ///< By CPU time, most first.
  std::vector<SyscallIndex> of_account;  ///< The rows that were added up.
};

struct SyscallTable {
  std::vector<SyscallTableRow> rows;  ///< By CPU time, most first.
  std::uint64_t calls = 0;
  std::uint64_t errors = 0;
  std::uint64_t wall_ns = 0;
  std::uint64_t cpu_ns = 0;
  /// What shares are of: what the kernel charged as sys; where that is not known, cpu_ns.
  std::uint64_t sys_ns = 0;
  bool sys_is_charged = false;
};

/// `by`: what it was counted by, or kNone for all groups together; anything else is kNone.
[[nodiscard]] SyscallTable syscall_table(const Profile& profile, SyscallGrouping by);

enum class SyscallSort : std::uint8_t { kCpu, kWall, kCalls, kErrors, kMean, kMax, kP99, kName };

/// Largest first, and each row's callers likewise, by CPU time where they do not have the key;
/// kName by name.
void sort_syscalls(SyscallTable& table, SyscallSort key);

/// The user stacks that made the calls of a row, bottom-up: each function with who called it. Of
/// the weights, sys is the time on a CPU, user the rest of the wall time, and samples the calls.
[[nodiscard]] CallTree syscall_callers(const Profile& profile, const SyscallTableRow& row,
                                       double min_share);

/// "read", "read (32-bit)", "read (x32)".
[[nodiscard]] std::string syscall_label(const SyscallTableRow& row);

}  // namespace profiler::view
