// /proc/PID/stat and /proc/stat: who is whose parent, and what time the kernel has charged, in its
// own coarse ticks (10 ms as a rule). For a child of ours wait4(2) knows better.
//
//   std::optional<ProcStat> stat = read_proc_stat(pid);
//   stat->user_ns + stat->reaped_user_ns
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "profiler/event.h"

namespace profiler::record {

struct ProcStat {
  char state = '?';  ///< 'Z' and 'X': it has ended.
  Pid parent = 0;
  std::uint64_t user_ns = 0;  ///< Of all its threads, ended ones too.
  std::uint64_t sys_ns = 0;
  std::uint64_t reaped_user_ns = 0;  ///< Of children that it has waited for.
  std::uint64_t reaped_sys_ns = 0;

  [[nodiscard]] bool ended() const { return state == 'Z' || state == 'X' || state == 'x'; }
};

/// Time of one kind each.
struct CpuTimes {
  std::uint64_t user_ns = 0;
  std::uint64_t sys_ns = 0;
};

/// None: there is no such process.
[[nodiscard]] std::optional<ProcStat> read_proc_stat(Pid pid);
/// Of one thread; `reaped_*` are 0.
[[nodiscard]] std::optional<ProcStat> read_thread_stat(Tid tid);
/// Of the whole machine, since it was started: user with nice, sys with interrupts.
[[nodiscard]] std::optional<CpuTimes> read_machine_times();

/// The text of such a file. A name in it may hold spaces and brackets.
[[nodiscard]] std::optional<ProcStat> parse_proc_stat(std::string_view text,
                                                      std::uint64_t ns_per_tick);

}  // namespace profiler::record
