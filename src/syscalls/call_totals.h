// Finished system calls, summed up by group, ABI and number until they become a SyscallAccount.
//
//   CallTotals totals;
//   totals.add({.group = tid, .number = 0}, {.result = 512, .wall_ns = 900, .cpu_ns = 700});
//   totals.add_row(row, errors);                  // already summed, in the kernel
//   SyscallAccount account = totals.account({.grouping = kThread, .group_name = …}, intern);
//
// Not here: what is one call, and how long it took (call_tracker.h). Used from one thread at a
// time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "profiler/syscall_account.h"

namespace profiler::syscalls {

/// What calls are summed by. `group` is SyscallRow::group_id.
struct CallKey {
  std::int64_t group = 0;
  std::int32_t number = 0;
  SyscallAbi abi = SyscallAbi::kNative;
  auto operator<=>(const CallKey&) const = default;
};

enum class CallEnd : std::uint8_t {
  kReturned,
  kNeverReturns,  ///< exit, exit_group, or killed inside: it ended with its thread.
  kUnfinished,    ///< Counting ended first.
};

struct FinishedCall {
  CallEnd end = CallEnd::kReturned;
  bool begun_before = false;  ///< Before counting began.
  std::int64_t result = 0;    ///< Of kReturned.
  std::uint64_t wall_ns = 0;
  std::uint64_t cpu_ns = 0;
};

/// What a call's result says of it.
enum class ResultKind : std::uint8_t { kSuccess, kError, kRestart };
[[nodiscard]] constexpr ResultKind kind_of_result(std::int64_t result) {
  if (result >= 0 || result < -4095) return ResultKind::kSuccess;
  // ERESTARTSYS, ERESTARTNOINTR, ERESTARTNOHAND, ERESTART_RESTARTBLOCK: include/linux/errno.h of
  // the kernel; user space never sees them.
  const bool restart = (result <= -512 && result >= -514) || result == -516;
  return restart ? ResultKind::kRestart : ResultKind::kError;
}

/// "read"; "syscall_999" where the number has no name.
[[nodiscard]] std::string call_name(std::int32_t number, SyscallAbi abi);

/// An errno and how often it was returned.
using ErrorCount = std::pair<std::int32_t, std::uint64_t>;

class CallTotals {
 public:
  void add(const CallKey& key, const FinishedCall& call);
  /// Sums of calls of one key (group_id, abi, number); name and group are not looked at. May be
  /// given the same key again.
  void add_row(const SyscallRow& row, std::span<const ErrorCount> errors);
  /// Without its name and group; null if there is none.
  [[nodiscard]] const SyscallRow* find(const CallKey& key) const;
  /// Calls, as SyscallRow counts them, of all rows.
  [[nodiscard]] std::uint64_t calls() const { return calls_; }

  struct AccountOptions {
    SyscallBackend backend = SyscallBackend::kNone;
    SyscallGrouping grouping = SyscallGrouping::kNone;
    /// "worker (4711)"; not asked for without grouping.
    std::function<std::string(std::int64_t)> group_name = {};
  };
  using Intern = std::function<StringIndex(std::string_view)>;
  /// Rows by key, errors by row and errno: callers, losses and faults are not known here.
  [[nodiscard]] SyscallAccount account(const AccountOptions& options, const Intern& intern) const;

 private:
  struct Row {
    CallKey key;
    SyscallRow sums;
    std::vector<ErrorCount> errors;
    void add_error(std::int32_t error, std::uint64_t count);
  };
  struct HashKey {
    std::size_t operator()(const CallKey& key) const;
  };
  Row& row(const CallKey& key);

  std::vector<Row> rows_;
  std::unordered_map<CallKey, std::uint32_t, HashKey> by_key_;
  // Rows used of late, by hash: most calls are found here. Row + 1; 0: none.
  std::array<std::uint32_t, 1024> recent_{};
  std::uint64_t calls_ = 0;
};

/// Its row in an account whose rows are in order of their keys.
[[nodiscard]] std::optional<SyscallIndex> find_row(const SyscallAccount& account,
                                                   const CallKey& key);

}  // namespace profiler::syscalls
