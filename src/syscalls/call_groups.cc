#include "syscalls/call_groups.h"

#include <sys/stat.h>

#include "record/cgroup.h"
#include "record/proc_file.h"
#include "syscalls/group_name.h"

namespace profiler::syscalls {

std::string_view cgroup_path(std::string_view text) {
  std::string_view first;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    // number:controllers:path; the unified hierarchy has number 0 and no controllers.
    const std::size_t colon = line.find(':');
    const std::size_t path = colon == std::string_view::npos ? colon : line.find(':', colon + 1);
    if (path == std::string_view::npos) continue;
    if (line.starts_with("0::")) return line.substr(path + 1);
    if (first.empty()) first = line.substr(path + 1);
  }
  return first;
}

std::int64_t CallGroups::group_number(Pid pid, Tid tid) const {
  return grouping_ == SyscallGrouping::kThread ? tid : pid;
}

std::int64_t CallGroups::id_of(Pid pid, Tid tid) {
  if (grouping_ == SyscallGrouping::kNone) return 0;
  if (grouping_ == SyscallGrouping::kCgroup) return cgroup_of(pid);
  const std::int64_t id = group_number(pid, tid);
  const auto [name, is_new] = names_.try_emplace(id);
  if (is_new) name->second = comm_of(id);
  return id;
}

std::int64_t CallGroups::cgroup_of(Pid pid) {
  const auto text = record::read_file("/proc/" + std::to_string(pid) + "/cgroup");
  if (const auto before = cgroup_of_.find(pid); !text && before != cgroup_of_.end()) {
    return before->second;
  }
  return cgroup_of_[pid] = number_of_cgroup(std::string(text ? cgroup_path(*text) : ""));
}

std::int64_t CallGroups::number_of_cgroup(const std::string& path) {
  const auto [known, is_new] = cgroups_.try_emplace(path, 0);
  if (!is_new) return known->second;
  // The kernel's own number of it is its directory's; where that is not to be seen, one of ours.
  struct stat status{};
  const auto mounts = record::read_file("/proc/mounts");
  const auto mount = mounts ? record::perf_cgroup_mount(*mounts) : std::nullopt;
  const bool seen = !path.empty() && mount && ::stat((*mount + path).c_str(), &status) == 0;
  known->second =
      seen ? static_cast<std::int64_t>(status.st_ino) : -static_cast<std::int64_t>(cgroups_.size());
  names_[known->second] = path.empty() ? "no longer known" : path;
  return known->second;
}

void CallGroups::named(Pid pid, Tid tid, std::string_view name) {
  if (grouping_ == SyscallGrouping::kThread ||
      (grouping_ == SyscallGrouping::kProcess && tid == pid))
    names_[group_number(pid, tid)] = name;
}

void CallGroups::forked(Pid pid, Tid tid, Pid parent_pid, Tid parent_tid) {
  if (grouping_ == SyscallGrouping::kNone) return;
  if (grouping_ == SyscallGrouping::kCgroup) {
    const auto group = cgroup_of_.find(parent_pid);
    if (pid != parent_pid && group != cgroup_of_.end()) cgroup_of_[pid] = group->second;
    return;
  }
  if (grouping_ == SyscallGrouping::kProcess && pid == parent_pid) return;
  const auto parent = names_.find(group_number(parent_pid, parent_tid));
  if (parent != names_.end()) named(pid, tid, std::string(parent->second));
}

std::string CallGroups::name(std::int64_t id) const {
  const auto known = names_.find(id);
  const std::string name = known == names_.end() ? std::string() : known->second;
  return grouping_ == SyscallGrouping::kCgroup ? name : group_name(grouping_, id, name);
}

}  // namespace profiler::syscalls
