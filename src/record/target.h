// What a recording is of, once its options have met the machine: which processes or threads, CPUs
// or cgroup; whether any of it still lives; and what the kernel has charged it meanwhile.
//
//   Result<Target> target = Target::find(options);       // Error: no process 4711
//   target->tell(pipeline, now_ns);                      // what already exists there
//   while (!target->ended()) …
//   target->charged();
//
// A program that we start ourselves is a ChildProcess; its Target is only its pid.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "pipeline/pipeline.h"
#include "profiler/error.h"
#include "profiler/event.h"
#include "profiler/profile.h"
#include "record/cgroup.h"
#include "record/proc_stat.h"
#include "record/record_options.h"

namespace profiler::record {

class Target {
 public:
  /// `child`: the program of Scope::kProgram, which has yet to exec; else none.
  static Result<Target> find(const RecordOptions& options, std::optional<Pid> child);

  [[nodiscard]] Scope scope() const { return scope_; }
  /// All processes, or all that run on some CPUs or in a cgroup.
  [[nodiscard]] bool is_system_wide() const;
  /// The processes that it is made of now: roots, and for attached ones their descendants.
  [[nodiscard]] std::vector<Pid> processes() const;
  /// Threads to sample.
  [[nodiscard]] std::vector<Tid> tasks() const;
  /// All threads of the processes that those belong to: what one of them maps, all see. Looked for
  /// again and again until no new one is found.
  [[nodiscard]] std::vector<Tid> processes_tasks() const;
  /// -1: none.
  [[nodiscard]] int cgroup_fd() const { return cgroup_ ? cgroup_->fd() : -1; }

  /// Names the target to the pipeline and tells it what already exists.
  void tell(pipeline::Pipeline& pipeline, std::uint64_t time_ns) const;
  /// Tells mappings again, and processes that it has missed, after side records were lost.
  void tell_again(pipeline::Pipeline& pipeline, std::uint64_t time_ns) const;

  /// Looks at the attached processes or threads: what they have used, whether they live.
  void update();
  /// All of them have ended. Never for a child or system-wide.
  [[nodiscard]] bool ended() const;
  /// From /proc since the target was found, as last updated; none where that is not known.
  [[nodiscard]] std::optional<CpuTimes> charged() const;

 private:
  struct Attached {
    std::int32_t id = 0;  // Process or thread.
    CpuTimes first;
    CpuTimes last;
    bool ended = false;
  };
  [[nodiscard]] std::optional<ProcStat> stat_of(std::int32_t id) const;
  [[nodiscard]] std::optional<CpuTimes> shared_times() const;

  Scope scope_ = Scope::kProgram;
  std::vector<Pid> pids_;  // Roots.
  std::vector<Attached> attached_;
  std::optional<Cgroup> cgroup_;
  std::optional<CpuTimes> shared_first_;  // Of the machine or cgroup.
  std::optional<CpuTimes> shared_last_;
};

}  // namespace profiler::record
