#include "record/proc_stat.h"

#include <unistd.h>

#include <array>
#include <charconv>
#include <string>

#include "record/proc_file.h"

namespace profiler::record {
namespace {

constexpr std::uint64_t kNsPerSecond = 1'000'000'000;

std::uint64_t ns_per_tick() {
  const long ticks = ::sysconf(_SC_CLK_TCK);
  return ticks > 0 ? kNsPerSecond / static_cast<std::uint64_t>(ticks) : kNsPerSecond / 100;
}

/// The next number of a line of numbers; none at its end.
std::optional<std::int64_t> next_number(std::string_view& text) {
  const std::size_t start = text.find_first_not_of(' ');
  if (start == std::string_view::npos) return std::nullopt;
  text.remove_prefix(start);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

std::optional<ProcStat> read_stat(const std::string& path) {
  const auto text = read_file(path);
  if (!text) return std::nullopt;
  return parse_proc_stat(*text, ns_per_tick());
}

}  // namespace

std::optional<ProcStat> parse_proc_stat(std::string_view text, std::uint64_t ns_per_tick) {
  // pid (comm) state ppid pgrp session tty tpgid flags minflt cminflt majflt cmajflt utime stime
  // cutime cstime …: proc(5). Only the last ')' surely ends the name.
  const std::size_t bracket = text.rfind(')');
  if (bracket == std::string_view::npos || text.size() < bracket + 4) return std::nullopt;
  ProcStat stat;
  stat.state = text[bracket + 2];
  std::string_view rest = text.substr(bracket + 3);
  std::array<std::uint64_t, 14> field{};  // field[0] is ppid, the fourth of the line.
  for (std::uint64_t& value : field) {
    const auto number = next_number(rest);
    if (!number) return std::nullopt;
    value = static_cast<std::uint64_t>(*number);
  }
  stat.parent = static_cast<Pid>(field[0]);
  stat.user_ns = field[10] * ns_per_tick;
  stat.sys_ns = field[11] * ns_per_tick;
  stat.reaped_user_ns = field[12] * ns_per_tick;
  stat.reaped_sys_ns = field[13] * ns_per_tick;
  return stat;
}

std::optional<ProcStat> read_proc_stat(Pid pid) {
  return read_stat("/proc/" + std::to_string(pid) + "/stat");
}

std::optional<ProcStat> read_thread_stat(Tid tid) {
  const std::string name = std::to_string(tid);
  auto stat = read_stat("/proc/" + name + "/task/" + name + "/stat");
  if (stat) stat->reaped_user_ns = stat->reaped_sys_ns = 0;
  return stat;
}

std::optional<CpuTimes> read_machine_times() {
  const auto text = read_file("/proc/stat");
  if (!text || !text->starts_with("cpu ")) return std::nullopt;
  std::string_view line = std::string_view(*text).substr(4);
  line = line.substr(0, line.find('\n'));
  std::array<std::uint64_t, 7> field{};  // user nice system idle iowait irq softirq
  for (std::uint64_t& value : field) {
    const auto number = next_number(line);
    if (!number) return std::nullopt;
    value = static_cast<std::uint64_t>(*number) * ns_per_tick();
  }
  return CpuTimes{.user_ns = field[0] + field[1], .sys_ns = field[2] + field[5] + field[6]};
}

}  // namespace profiler::record
