#include "syscalls/group_name.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>

#include "record/cgroup.h"

namespace profiler::syscalls {
namespace {

/// A cgroup's id is the inode of its directory. "" if it is gone.
std::string cgroup_path(std::int64_t id) {
  namespace fs = std::filesystem;
  std::ifstream mounts("/proc/mounts");
  const std::string text{std::istreambuf_iterator<char>(mounts), {}};
  const auto mount = record::perf_cgroup_mount(text);
  if (!mount) return {};
  const auto is_it = [&](const fs::path& path) {
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0 && static_cast<std::int64_t>(status.st_ino) == id;
  };
  if (is_it(*mount)) return "/";
  std::error_code error;
  fs::recursive_directory_iterator it(*mount, fs::directory_options::skip_permission_denied, error);
  for (; !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
    std::error_code ignored;
    if (it->is_directory(ignored) && is_it(it->path())) {
      return "/" + it->path().lexically_relative(*mount).string();
    }
  }
  return {};
}

}  // namespace

std::string comm_of(std::int64_t id) {
  std::ifstream file("/proc/" + std::to_string(id) + "/comm");
  std::string name;
  std::getline(file, name);
  return name;
}

std::string group_name(SyscallGrouping grouping, std::int64_t id, const std::string& ended) {
  if (grouping == SyscallGrouping::kNone) return {};
  if (grouping == SyscallGrouping::kCgroup) {
    const std::string path = cgroup_path(id);
    return path.empty() ? "cgroup " + std::to_string(id) : path;
  }
  std::string name = ended.empty() ? comm_of(id) : ended;
  const std::string number = std::to_string(id);
  if (name.empty())
    return grouping == SyscallGrouping::kThread ? "thread " + number : "process " + number;
  return name + " (" + number + ")";
}

}  // namespace profiler::syscalls
