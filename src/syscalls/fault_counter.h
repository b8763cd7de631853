// Counts page faults that the target takes in user mode. (Those inside system calls are part of
// the calls' time.) Counters only: no record is written, and nobody is woken.
//
//   FaultCounter faults(target, counts_from_exec);
//   … faults.minor() …                              // at any time
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "record/perf_event.h"
#include "record/target.h"

namespace profiler::syscalls {

class FaultCounter {
 public:
  /// `from_exec`: only from the next exec of the target on.
  FaultCounter(const record::Target& target, bool from_exec);

  /// Served without waiting for a device. None: not permitted.
  [[nodiscard]] std::optional<std::uint64_t> minor() const { return sum(minor_); }
  /// Had to read from a file or from swap.
  [[nodiscard]] std::optional<std::uint64_t> major() const { return sum(major_); }

 private:
  using Events = std::vector<record::PerfEvent>;
  static Events open(std::uint64_t config, const record::Target& target, bool from_exec);
  static std::optional<std::uint64_t> sum(const Events& events);

  Events minor_;  // Empty: not to be had.
  Events major_;
};

}  // namespace profiler::syscalls
