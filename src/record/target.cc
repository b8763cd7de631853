#include "record/target.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "record/proc_file.h"
#include "record/proc_scan.h"

namespace profiler::record {
namespace {

CpuTimes all_times(const ProcStat& stat) {
  return {.user_ns = stat.user_ns + stat.reaped_user_ns,
          .sys_ns = stat.sys_ns + stat.reaped_sys_ns};
}

std::uint64_t since(std::uint64_t first, std::uint64_t last) {
  return last > first ? last - first : 0;
}

}  // namespace

Result<Target> Target::find(const RecordOptions& options, std::optional<Pid> child) {
  Target target;
  target.scope_ = options.scope;
  const bool threads = options.scope == Scope::kThreads;
  if (child && options.scope == Scope::kProgram) {
    target.pids_ = {*child};
    target.attached_.push_back({.id = *child, .first = {}, .last = {}, .ended = false});
  } else if (threads || options.scope == Scope::kProcesses) {
    for (const std::int32_t id : threads ? options.tids : options.pids) {
      const auto stat = id > 0 ? target.stat_of(id) : std::nullopt;
      if (!stat || stat->ended()) {
        return std::unexpected(Error{.what = std::string(threads ? "no thread " : "no process ") +
                                             std::to_string(id)});
      }
      target.attached_.push_back(
          {.id = id, .first = all_times(*stat), .last = all_times(*stat), .ended = false});
      const Pid pid = threads ? process_of(id).value_or(id) : id;
      if (std::ranges::find(target.pids_, pid) == target.pids_.end()) target.pids_.push_back(pid);
    }
    if (target.attached_.empty()) {
      return std::unexpected(Error{.what = "no process or thread to attach to"});
    }
  } else if (options.scope == Scope::kCpus) {
    const std::vector<std::uint32_t> online = online_cpus();
    for (const std::uint32_t cpu : options.cpus) {
      if (std::ranges::find(online, cpu) == online.end()) {
        return std::unexpected(Error{.what = "CPU " + std::to_string(cpu) + " is not online"});
      }
    }
    if (options.cpus.empty()) return std::unexpected(Error{.what = "no CPU to record"});
  } else if (options.scope == Scope::kCgroup) {
    auto cgroup = Cgroup::open(options.cgroup);
    if (!cgroup) return std::unexpected(cgroup.error());
    target.cgroup_ = *std::move(cgroup);
  }
  target.shared_first_ = target.shared_last_ = target.shared_times();
  return target;
}

bool Target::is_system_wide() const {
  return scope_ == Scope::kSystem || scope_ == Scope::kCpus || scope_ == Scope::kCgroup;
}

std::vector<Tid> Target::tasks() const {
  if (scope_ != Scope::kThreads) return processes_tasks();
  std::vector<Tid> tasks;
  tasks.reserve(attached_.size());
  for (const Attached& attached : attached_) tasks.push_back(attached.id);
  return tasks;
}

std::vector<Pid> Target::processes() const {
  return scope_ == Scope::kProcesses ? with_descendants(pids_) : pids_;
}

std::vector<Tid> Target::processes_tasks() const {
  std::vector<Tid> tasks;
  for (const Pid pid : processes()) {
    std::unordered_set<Tid> seen;
    bool found_new = true;
    while (found_new) {
      found_new = false;
      for (const Tid tid : threads_of(pid)) {
        if (!seen.insert(tid).second) continue;
        found_new = true;
        tasks.push_back(tid);
      }
    }
  }
  return tasks;
}

void Target::tell(pipeline::Pipeline& pipeline, std::uint64_t time_ns) const {
  if (scope_ == Scope::kProgram) {
    // It is still the profiler's own image; its exec tells everything.
    for (const Pid pid : pids_) pipeline.add_target(pid, pipeline::TargetStart::kAtExec);
    return;
  }
  const std::vector<Pid> pids = is_system_wide()            ? all_processes()
                                : scope_ == Scope::kThreads ? pids_
                                                            : with_descendants(pids_);
  const EventSink sink = [&](const Event& event) { pipeline.handle(event); };
  scan_forks(pids, time_ns, sink);
  if (scope_ == Scope::kThreads) {
    for (const Attached& attached : attached_) pipeline.add_target_thread(attached.id);
  } else if (scope_ == Scope::kProcesses) {
    for (const Pid pid : pids) pipeline.add_target(pid, pipeline::TargetStart::kNow);
  }
  scan_contents(pids, time_ns, sink);
}

void Target::tell_again(pipeline::Pipeline& pipeline, std::uint64_t time_ns) const {
  const EventSink sink = [&](const Event& event) { pipeline.handle(event); };
  if (is_system_wide()) {
    scan_mappings(all_processes(), time_ns, sink);
    return;
  }
  if (scope_ == Scope::kThreads) {
    scan_mappings(pids_, time_ns, sink);
    return;
  }
  std::vector<Pid> known;
  std::vector<Pid> missed;
  for (const Pid pid : with_descendants(pids_)) {
    (pipeline.is_target(pid) ? known : missed).push_back(pid);
  }
  // Not a child whose exec is still to come: it is not lost, only not yet a target.
  std::erase_if(missed, [&](Pid pid) { return std::ranges::find(pids_, pid) != pids_.end(); });
  scan_forks(missed, time_ns, sink);
  scan_contents(missed, time_ns, sink);
  scan_mappings(known, time_ns, sink);
}

std::optional<ProcStat> Target::stat_of(std::int32_t id) const {
  return scope_ == Scope::kThreads ? read_thread_stat(id) : read_proc_stat(id);
}

std::optional<CpuTimes> Target::shared_times() const {
  if (cgroup_) return cgroup_->times();
  // /proc/stat has a line for each CPU, but -C is asked for rarely enough to do without.
  return scope_ == Scope::kSystem ? read_machine_times() : std::nullopt;
}

void Target::update() {
  if (is_system_wide()) {
    shared_last_ = shared_times();
    return;
  }
  for (Attached& attached : attached_) {
    if (attached.ended) continue;
    const auto stat = stat_of(attached.id);
    // Gone: what it had used when it was last looked at has to do.
    if (stat) attached.last = all_times(*stat);
    attached.ended = !stat || stat->ended();
  }
}

bool Target::ended() const {
  return (scope_ == Scope::kProcesses || scope_ == Scope::kThreads) &&
         std::ranges::all_of(attached_, &Attached::ended);
}

std::optional<CpuTimes> Target::charged() const {
  if (is_system_wide()) {
    if (!shared_first_ || !shared_last_) return std::nullopt;
    return CpuTimes{.user_ns = since(shared_first_->user_ns, shared_last_->user_ns),
                    .sys_ns = since(shared_first_->sys_ns, shared_last_->sys_ns)};
  }
  CpuTimes sum;
  for (const Attached& attached : attached_) {
    sum.user_ns += since(attached.first.user_ns, attached.last.user_ns);
    sum.sys_ns += since(attached.first.sys_ns, attached.last.sys_ns);
  }
  return sum;
}

}  // namespace profiler::record
