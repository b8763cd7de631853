// Small files of /proc and /sys, read whole. They have no size beforehand and may be gone.
//
//   if (auto text = read_file("/proc/42/stat")) …
//   read_number("/proc/sys/kernel/perf_event_paranoid").value_or(2)
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace profiler::record {

/// None if it cannot be read.
[[nodiscard]] std::optional<std::string> read_file(const std::string& path);
/// The decimal number that the file begins with.
[[nodiscard]] std::optional<std::int64_t> read_number(const std::string& path);
/// The numeric names in a directory (/proc: processes; /proc/PID/task: threads), ascending.
[[nodiscard]] std::vector<std::int32_t> numeric_entries(const std::string& directory);
/// "0-3,8,10-11" as those numbers, ascending and distinct; none if it is malformed or names a CPU
/// beyond 65535.
[[nodiscard]] std::optional<std::vector<std::uint32_t>> parse_cpu_list(std::string_view text);
/// CPUs that are online, from /sys, or /proc/stat where there is no /sys (a chroot); without
/// either those that this process may run on. `root` stands before both paths.
[[nodiscard]] std::vector<std::uint32_t> online_cpus(const std::string& root = {});

}  // namespace profiler::record
