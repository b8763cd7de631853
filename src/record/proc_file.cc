#include "record/proc_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <memory>

#include "record/file_descriptor.h"

namespace profiler::record {
namespace {

constexpr std::uint32_t kMaxCpu = 65535;

template <class Number>
std::optional<Number> leading_number(std::string_view& text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

/// "cpu 1 2 …\ncpu0 1 2 …\ncpu3 …": a line for each that is online (proc(5)).
std::vector<std::uint32_t> cpus_of_stat(std::string_view text) {
  std::vector<std::uint32_t> cpus;
  while (text.starts_with("cpu")) {
    text.remove_prefix(3);
    const auto cpu = leading_number<std::uint32_t>(text);
    if (cpu && *cpu <= kMaxCpu) cpus.push_back(*cpu);
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  }
  std::ranges::sort(cpus);
  return cpus;
}

}  // namespace

std::optional<std::string> read_file(const std::string& path) {
  const FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return std::nullopt;
  std::string text;
  std::array<char, 16384> buffer{};
  for (;;) {
    const ssize_t size = ::read(fd.get(), buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return std::nullopt;  // ESRCH: the process is gone.
    if (size == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(size));
  }
}

std::optional<std::int64_t> read_number(const std::string& path) {
  const std::optional<std::string> text = read_file(path);
  if (!text) return std::nullopt;
  std::string_view rest = *text;
  return leading_number<std::int64_t>(rest);
}

std::vector<std::int32_t> numeric_entries(const std::string& directory) {
  std::vector<std::int32_t> numbers;
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(directory.c_str()), ::closedir);
  if (!dir) return numbers;
  while (const dirent* entry = ::readdir(dir.get())) {
    std::string_view name = entry->d_name;
    const auto number = leading_number<std::int32_t>(name);
    if (number && name.empty() && *number > 0) numbers.push_back(*number);
  }
  std::ranges::sort(numbers);
  return numbers;
}

std::optional<std::vector<std::uint32_t>> parse_cpu_list(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  std::vector<std::uint32_t> cpus;
  while (!text.empty()) {
    const auto first = leading_number<std::uint32_t>(text);
    if (!first) return std::nullopt;
    auto last = first;
    if (text.starts_with('-')) {
      text.remove_prefix(1);
      last = leading_number<std::uint32_t>(text);
    }
    if (!last || *last < *first || *last > kMaxCpu) return std::nullopt;
    for (std::uint32_t cpu = *first; cpu <= *last; ++cpu) cpus.push_back(cpu);
    if (text.empty()) break;
    if (!text.starts_with(',') || text.size() == 1) return std::nullopt;
    text.remove_prefix(1);
  }
  std::ranges::sort(cpus);
  cpus.erase(std::ranges::unique(cpus).begin(), cpus.end());
  return cpus;
}

std::vector<std::uint32_t> online_cpus(const std::string& root) {
  if (const auto text = read_file(root + "/sys/devices/system/cpu/online")) {
    auto cpus = parse_cpu_list(*text);
    if (cpus && !cpus->empty()) return *std::move(cpus);
  }
  if (const auto text = read_file(root + "/proc/stat")) {
    std::vector<std::uint32_t> cpus = cpus_of_stat(*text);
    if (!cpus.empty()) return cpus;
  }
  std::vector<std::uint32_t> cpus;
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (::sched_getaffinity(0, sizeof allowed, &allowed) == 0) {
    for (std::uint32_t cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (CPU_ISSET(cpu, &allowed)) cpus.push_back(cpu);
    }
  }
  return cpus.empty() ? std::vector<std::uint32_t>{0} : cpus;
}

}  // namespace profiler::record
