#include "pipeline/process_files.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <ctime>
#include <string_view>

namespace profiler::pipeline {
namespace {

constexpr std::uint64_t kNsPerSecond = 1'000'000'000;
/// Clocks are set, and time stamps of files are coarse.
constexpr std::uint64_t kSlackNs = 2 * kNsPerSecond;

std::string proc_path(Pid pid, std::string_view name) {
  return "/proc/" + std::to_string(pid) + "/" + std::string(name);
}

/// The beginning of a file in /proc; empty if there is none.
std::string read_text(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return {};
  std::string text(4096, '\0');
  const ssize_t size = ::read(descriptor, text.data(), text.size());
  ::close(descriptor);
  text.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
  return text;
}

/// Word `number` after `label` in its line, or the last; empty if there is none.
std::string_view field(std::string_view text, std::string_view label, int number) {
  const std::size_t at = text.find(label);
  if (at == std::string_view::npos) return {};
  std::string_view line = text.substr(at + label.size());
  line = line.substr(0, line.find('\n'));
  std::string_view word;
  for (int i = 0; i != number; ++i) {
    const std::size_t begin = line.find_first_not_of(" \t");
    if (begin == std::string_view::npos) break;
    line.remove_prefix(begin);
    word = line.substr(0, line.find_first_of(" \t"));
    line.remove_prefix(word.size());
  }
  return word;
}
constexpr int kLast = -1;

template <class Number>
bool parse(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

std::uint64_t now_ns(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * kNsPerSecond +
         static_cast<std::uint64_t>(now.tv_nsec);
}

/// From field 22 of /proc/PID/stat: clock ticks since the machine was started. 0: not known.
std::uint64_t start_unix_ns(Pid pid) {
  const std::string stat = read_text(proc_path(pid, "stat"));
  // The name before may have anything in it.
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return 0;
  std::uint64_t ticks = 0;
  if (!parse(field(std::string_view(stat).substr(name_end), ")", 20), ticks)) return 0;
  const auto per_second = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  const std::uint64_t start =
      ticks / per_second * kNsPerSecond + ticks % per_second * kNsPerSecond / per_second;
  const std::uint64_t boot = now_ns(CLOCK_BOOTTIME);
  const std::uint64_t age = boot > start ? boot - start : 0;
  const std::uint64_t now = now_ns(CLOCK_REALTIME);
  return now > age + kSlackNs ? now - age - kSlackNs : 0;
}

int open_path(int directory, const char* path, std::uint64_t resolve) {
  open_how how{};
  how.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
  how.resolve = resolve;
  const long descriptor = ::syscall(SYS_openat2, directory, path, &how, sizeof how);
  if (descriptor >= 0 || errno != ENOSYS) return static_cast<int>(descriptor);
  return ::openat(directory, path, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

}  // namespace

std::optional<ProcessIdentity> identify(Pid pid) {
  const std::string status = read_text(proc_path(pid, "status"));
  ProcessIdentity who{.own_pid = pid};
  if (!parse(field(status, "\nUid:", 2), who.user)) return std::nullopt;
  // "NSpid: 4711 1": from our namespace inwards. Kernels before 4.1 do not tell.
  if (Pid own = 0; parse(field(status, "\nNSpid:", kLast), own)) who.own_pid = own;
  who.start_unix_ns = start_unix_ns(pid);
  return who;
}

int open_mapped(const MmapEvent& event, bool live) {
  const std::string path(event.path);
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return -1;
  const std::string folder = path.substr(0, slash + 1);
  const auto directory = live ? directory_of(event.pid, folder) : own_directory(folder);
  if (directory == nullptr) return -1;
  // O_NONBLOCK: should it be a FIFO by now.
  const int descriptor = ::openat(directory->descriptor(), path.c_str() + slash + 1,
                                  O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
  if (descriptor < 0) return -1;
  struct stat status{};
  const bool right = ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) &&
                     (event.inode == 0 || event.inode == status.st_ino);
  if (right) return descriptor;
  ::close(descriptor);
  return -1;
}

OpenDirectory::~OpenDirectory() { ::close(descriptor_); }

std::optional<std::pair<dev_t, ino_t>> root_of_its_own(Pid pid) {
  struct stat its{};
  struct stat ours{};
  if (::stat(proc_path(pid, "root").c_str(), &its) != 0 || ::stat("/", &ours) != 0 ||
      (its.st_dev == ours.st_dev && its.st_ino == ours.st_ino)) {
    return std::nullopt;
  }
  return std::pair(its.st_dev, its.st_ino);
}

std::shared_ptr<const OpenDirectory> directory_of(Pid pid, const std::string& path) {
  const int root = ::open(proc_path(pid, "root").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) return nullptr;
  const OpenDirectory root_directory(root);
  // Links there are the process's, and mean what they mean under its root.
  std::string relative = path.substr(std::min(path.find_first_not_of('/'), path.size()));
  if (relative.empty()) relative = ".";
  const int descriptor = open_path(root, relative.c_str(), RESOLVE_IN_ROOT);
  return descriptor < 0 ? nullptr : std::make_shared<const OpenDirectory>(descriptor);
}

std::shared_ptr<const OpenDirectory> own_directory(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  return descriptor < 0 ? nullptr : std::make_shared<const OpenDirectory>(descriptor);
}

}  // namespace profiler::pipeline
