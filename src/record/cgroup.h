// A control group as perf_event_open(2) wants it: an open directory of the hierarchy that the
// perf_event controller lives in (its own under version 1, else the unified one).
//
//   Result<Cgroup> group = Cgroup::open("system.slice/nginx.service");
//   place = {.pid = group->fd(), .flags = PERF_FLAG_PID_CGROUP};
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "profiler/error.h"
#include "record/file_descriptor.h"
#include "record/proc_stat.h"

namespace profiler::record {

class Cgroup {
 public:
  /// `path`: below the mount, or the whole path of the directory.
  static Result<Cgroup> open(const std::string& path);

  [[nodiscard]] int fd() const { return fd_.get(); }
  /// What the kernel has charged to it (cpu.stat of version 2); none elsewhere.
  [[nodiscard]] std::optional<CpuTimes> times() const;

 private:
  Cgroup(FileDescriptor fd, std::string directory)
      : fd_(std::move(fd)), directory_(std::move(directory)) {}
  FileDescriptor fd_;
  std::string directory_;
};

/// Where that hierarchy is mounted, by the text of /proc/mounts; none: nowhere.
[[nodiscard]] std::optional<std::string> perf_cgroup_mount(std::string_view mounts);
/// user_usec and system_usec of a cpu.stat file.
[[nodiscard]] std::optional<CpuTimes> parse_cpu_stat(std::string_view text);

}  // namespace profiler::record
