#include "record/cgroup.h"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <utility>

#include "record/proc_file.h"

namespace profiler::record {
namespace {

/// Cuts off and returns what stands before the next `separator`.
std::string_view cut(std::string_view& text, char separator) {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(text.size(), end + 1));
  return part;
}

bool has_option(std::string_view options, std::string_view wanted) {
  while (!options.empty()) {
    if (cut(options, ',') == wanted) return true;
  }
  return false;
}

}  // namespace

std::optional<std::string> perf_cgroup_mount(std::string_view mounts) {
  std::optional<std::string> unified;
  while (!mounts.empty()) {
    std::string_view line = cut(mounts, '\n');
    cut(line, ' ');  // The device.
    const std::string_view directory = cut(line, ' ');
    const std::string_view type = cut(line, ' ');
    const std::string_view options = cut(line, ' ');
    if (type == "cgroup" && has_option(options, "perf_event")) return std::string(directory);
    if (type == "cgroup2" && !unified) unified = std::string(directory);
  }
  return unified;
}

std::optional<CpuTimes> parse_cpu_stat(std::string_view text) {
  std::optional<std::uint64_t> user;
  std::optional<std::uint64_t> sys;
  while (!text.empty()) {
    std::string_view line = cut(text, '\n');
    const std::string_view key = cut(line, ' ');
    std::uint64_t usec = 0;
    if (std::from_chars(line.data(), line.data() + line.size(), usec).ec != std::errc()) continue;
    if (key == "user_usec") user = usec * 1000;
    if (key == "system_usec") sys = usec * 1000;
  }
  if (!user || !sys) return std::nullopt;
  return CpuTimes{.user_ns = *user, .sys_ns = *sys};
}

Result<Cgroup> Cgroup::open(const std::string& path) {
  const auto mounts = read_file("/proc/mounts");
  const auto mount = mounts ? perf_cgroup_mount(*mounts) : std::nullopt;
  if (!mount) {
    return std::unexpected(Error{.what = "no cgroup hierarchy with perf events is mounted"});
  }
  const std::array candidates = {
      path.starts_with(*mount) ? path : *mount + "/" + path,
  };
  for (const std::string& directory : candidates) {
    FileDescriptor fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd) return Cgroup(std::move(fd), directory);
  }
  return std::unexpected(Error{.what = "no such cgroup",
                               .path = path,
                               .system_error = errno,
                               .advice = "looked below " + *mount});
}

std::optional<CpuTimes> Cgroup::times() const {
  const auto text = read_file(directory_ + "/cpu.stat");
  return text ? parse_cpu_stat(*text) : std::nullopt;
}

}  // namespace profiler::record
