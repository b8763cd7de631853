// Where sys went, by what the user code did: counted system calls, page faults, interrupts, exec
// and exit, set against what the kernel charged.
//
//   SysLedger ledger = sys_ledger(profile, select(profile, {}));
//   ledger.syscalls_ns, ledger.faults_ns, ledger.unattributed_ns
//
// The time in system calls is exact, faults inside them included. What comes from samples is none
// where none could show it: then it is in the unattributed rest. Each sample's time is in one line
// at most, by its entry, and in none if its entry is a counted call.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "profiler/profile.h"

namespace profiler::view {

struct SysLedger {
  std::uint64_t syscalls_ns = 0;      ///< Exact: all calls but those of exec and exit.
  std::uint64_t syscall_count = 0;    ///< Of those.
  std::uint64_t exec_exit_calls = 0;  ///< execve, execveat, exit, exit_group.
  /// Sampled: part of syscalls_ns.
  std::optional<std::uint64_t> faults_in_syscalls_ns;
  std::optional<std::uint64_t> faults_ns;     ///< Sampled: taken in user mode.
  std::optional<std::uint64_t> minor_faults;  ///< Exact, as are major ones.
  std::optional<std::uint64_t> major_faults;
  /// Sampled: that came in user mode; none where none could be seen.
  std::optional<std::uint64_t> interrupts_ns;
  /// Exact: its calls, and threads that others ended. Where the latter were not counted, sampled.
  std::uint64_t exec_exit_ns = 0;
  /// Sampled: exceptions, a thread's first steps, kernel threads of the program.
  std::optional<std::uint64_t> other_ns;
  std::optional<std::uint64_t> charged_ns;  ///< By the kernel, as sys.
  /// Charged less the rest; negative where the kernel's clock saw less in sys than was counted.
  std::optional<std::int64_t> unattributed_ns;
  /// Sampled: part of it. On the way into calls and out of them, which the clock of a call does not
  /// see, and what counting them took.
  std::optional<std::uint64_t> entering_ns;
};

/// `samples`: of one event. Where that is not time, or saw no kernel, nothing is known from it.
[[nodiscard]] SysLedger sys_ledger(const Profile& profile,
                                   const std::vector<const Sample*>& samples);

}  // namespace profiler::view
