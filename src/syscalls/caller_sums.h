// Sampled callers of system calls, added up by call and user stack, and then scaled so that those
// of a call share out its exact figures.
//
//   CallerSums sums(period_ns);
//   sums.add({.group = 0, .number = 1}, stack, {.wall_ns = …, .cpu_ns = …, .cpu_ticks = 1});
//   account.callers = sums.rows(account);
//
// A call was sampled because a period of time in calls ended within it, of time on the CPU or off
// it. So a tick stands for a period of time; and for as many calls like it as fit into one. Or it
// was one of so many calls; then it stands for these.
#pragma once

#include <cstdint>
#include <map>
#include <tuple>
#include <vector>

#include "profiler/syscall_account.h"
#include "syscalls/call_totals.h"

namespace profiler::syscalls {

/// One that was sampled.
struct SampledCall {
  std::uint64_t wall_ns = 0;
  std::uint64_t cpu_ns = 0;
  std::uint32_t cpu_ticks = 0;  ///< Periods of CPU time in calls that ended within it.
  std::uint32_t off_ticks = 0;  ///< Likewise, of time off the CPU.
  /// Of one that was sampled by counting: how many calls it stands for. Then there are no ticks.
  std::uint64_t of_calls = 0;
};

/// Estimates of what is behind the sampled calls of one stack.
struct CallerSum {
  double calls = 0;
  double wall_ns = 0;
  double cpu_ns = 0;
  std::uint64_t samples = 0;
};

class CallerSums {
 public:
  explicit CallerSums(std::uint64_t period_ns) : period_ns_(period_ns) {}

  void add(const CallKey& key, StackIndex stack, const SampledCall& call);
  /// Heaviest first within each row of the account: by CPU time, then wall time.
  [[nodiscard]] std::vector<SyscallCallerRow> rows(const SyscallAccount& account) const;
  [[nodiscard]] bool empty() const { return sums_.empty(); }

 private:
  std::uint64_t period_ns_;
  std::map<std::tuple<CallKey, StackIndex>, CallerSum> sums_;
};

}  // namespace profiler::syscalls
