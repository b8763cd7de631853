// What calls are told apart by besides what they are: the number and the name of the thread,
// process or control group that makes them.
//
//   CallGroups groups(SyscallGrouping::kThread);
//   groups.id_of(pid, tid);                       // 4711
//   groups.named(pid, tid, "worker");             // from a record
//   groups.name(4711);                            // "worker (4711)"
//
// What records have not told is asked of /proc when first seen.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "profiler/event.h"
#include "profiler/syscall_account.h"

namespace profiler::syscalls {

class CallGroups {
 public:
  explicit CallGroups(SyscallGrouping grouping) : grouping_(grouping) {}

  /// 0 without grouping. A control group is asked for each time; if the process is no more, that
  /// which it was last seen in, or its parent.
  std::int64_t id_of(Pid pid, Tid tid);
  /// A thread has got a name.
  void named(Pid pid, Tid tid, std::string_view name);
  /// A new thread has its parent's name, a new process its control group.
  void forked(Pid pid, Tid tid, Pid parent_pid, Tid parent_tid);

  [[nodiscard]] SyscallGrouping grouping() const { return grouping_; }
  /// As it is called last. A control group: its path.
  [[nodiscard]] std::string name(std::int64_t id) const;

 private:
  [[nodiscard]] std::int64_t group_number(Pid pid, Tid tid) const;
  std::int64_t cgroup_of(Pid pid);
  std::int64_t number_of_cgroup(const std::string& path);

  SyscallGrouping grouping_;
  std::unordered_map<std::int64_t, std::string> names_;
  std::unordered_map<std::string, std::int64_t> cgroups_;  // By path.
  std::unordered_map<Pid, std::int64_t> cgroup_of_;
};

/// The path of the unified hierarchy's group (else of the first line) in a /proc/PID/cgroup.
[[nodiscard]] std::string_view cgroup_path(std::string_view text);

}  // namespace profiler::syscalls
