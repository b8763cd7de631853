#include "record/tracefs.h"

#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>

namespace profiler::record {
namespace {

// linux/mount.h, which older headers lack.
constexpr unsigned kFsopenCloexec = 1;
constexpr unsigned kFsmountCloexec = 1;
constexpr unsigned kFsconfigCmdCreate = 6;

Error not_permitted(int why) {
  return {.what = "trace points cannot be looked up",
          .system_error = why,
          .advice =
              "run as root, or let a group of yours read them: mount -o "
              "remount,mode=750,gid=GROUP /sys/kernel/tracing"};
}

Error not_mounted(int why) {
  if (why == ENODEV) {
    return {.what = "this kernel was built without trace points (CONFIG_EVENT_TRACING)"};
  }
  return {.what = "trace points cannot be looked up: tracefs is not mounted",
          .system_error = why,
          .advice = "run as root, or: mount -t tracefs tracefs /sys/kernel/tracing"};
}

bool is_refusal(int why) { return why == EACCES || why == EPERM; }

FileDescriptor open_directory(int parent, const char* path) {
  return FileDescriptor(::openat(parent, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

/// "." and ".." among them are no names of the kernel's, nor is what leads elsewhere.
bool is_plain(std::string_view name) {
  return !name.empty() && !name.starts_with('.') && name.find('/') == std::string_view::npos &&
         name.find('\0') == std::string_view::npos;
}

/// Of directories only: beside them lie files such as "enable".
Result<std::vector<std::string>> directories_of(FileDescriptor directory) {
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(::fdopendir(directory.get()), ::closedir);
  if (!dir) return std::unexpected(not_permitted(errno));
  std::ignore = directory.release();  // closedir() closes it.
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(dir.get())) {
    if (entry->d_type == DT_DIR && is_plain(entry->d_name)) names.emplace_back(entry->d_name);
  }
  std::ranges::sort(names);
  return names;
}

bool matches(const std::string& pattern, const std::string& name) {
  return ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
}

}  // namespace

int attach_tracefs() {
  const FileDescriptor context(static_cast<int>(::syscall(SYS_fsopen, "tracefs", kFsopenCloexec)));
  if (!context) return -errno;
  if (::syscall(SYS_fsconfig, context.get(), kFsconfigCmdCreate, nullptr, nullptr, 0) != 0)
    return -errno;
  const long mount = ::syscall(SYS_fsmount, context.get(), kFsmountCloexec, 0);
  return mount >= 0 ? static_cast<int>(mount) : -errno;
}

Result<Tracefs> Tracefs::open() {
  static const std::array<std::string, 2> kMounts = {"/sys/kernel/tracing",
                                                     "/sys/kernel/debug/tracing"};
  return open(kMounts, attach_tracefs);
}

Result<Tracefs> Tracefs::open(std::span<const std::string> mounts, int (*attach)()) {
  std::optional<int> refused;
  for (const std::string& mount : mounts) {
    FileDescriptor events = open_directory(AT_FDCWD, (mount + "/events").c_str());
    if (events) return Tracefs(std::move(events));
    if (is_refusal(errno)) refused = errno;
  }
  const int root = attach();
  if (root >= 0) {
    const FileDescriptor owner(root);
    FileDescriptor events = open_directory(root, "events");
    if (events) return Tracefs(std::move(events));
    return std::unexpected(not_mounted(ENODEV));
  }
  if (refused) return std::unexpected(not_permitted(*refused));
  return std::unexpected(not_mounted(-root));
}

Result<std::string> Tracefs::read(const TracepointName& point, const char* file) const {
  const Error missing{.what = "no trace point " + point.text()};
  if (!is_plain(point.system) || !is_plain(point.name)) return std::unexpected(missing);
  const FileDescriptor fd(::openat(
      events_.get(), (point.system + "/" + point.name + "/" + file).c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd && is_refusal(errno)) return std::unexpected(not_permitted(errno));
  if (!fd) return std::unexpected(missing);
  std::string text;
  std::array<char, 4096> buffer{};
  for (;;) {
    const ssize_t size = ::read(fd.get(), buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return std::unexpected(missing);
    if (size == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(size));
  }
}

Result<std::uint64_t> Tracefs::id(const TracepointName& point) const {
  const auto text = read(point, "id");
  if (!text) return std::unexpected(text.error());
  std::uint64_t id = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), id);
  if (error != std::errc())
    return std::unexpected(Error{.what = "the kernel gives no number for " + point.text()});
  return id;
}

Result<TracepointFormat> Tracefs::format(const TracepointName& point) const {
  const auto text = read(point, "format");
  if (!text) return std::unexpected(text.error());
  return parse_tracepoint_format(*text);
}

Result<std::vector<TracepointName>> Tracefs::matching(const std::string& system,
                                                      const std::string& name) const {
  std::vector<TracepointName> found;
  const auto all = systems();
  if (!all) return std::unexpected(all.error());
  for (const std::string& candidate : *all) {
    if (!matches(system, candidate)) continue;
    const auto points = names(candidate);
    if (!points) return std::unexpected(points.error());
    for (const std::string& point : *points) {
      if (matches(name, point)) found.push_back({.system = candidate, .name = point});
    }
  }
  return found;
}

Result<std::vector<std::string>> Tracefs::systems() const {
  FileDescriptor directory = open_directory(events_.get(), ".");
  if (!directory) return std::unexpected(not_permitted(errno));
  return directories_of(std::move(directory));
}

Result<std::vector<std::string>> Tracefs::names(const std::string& system) const {
  if (!is_plain(system)) return {};
  FileDescriptor directory = open_directory(events_.get(), system.c_str());
  if (!directory && is_refusal(errno)) return std::unexpected(not_permitted(errno));
  if (!directory) return {};
  return directories_of(std::move(directory));
}

}  // namespace profiler::record
