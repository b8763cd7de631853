// The table of `strace -c`, read back: what it says of each system call.
//
//   run({"strace", "-f", "-c", "-o", file, "./workload"});
//   CallCounts counts = parse_strace_counts(read_bytes(file));
//   counts["read"].errors
//
// strace prints neither calls that never return (exit_group) nor unknown numbers, and counts a call
// that is made again after a signal as one more, with an error.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace profiler::test {

struct CallCount {
  std::uint64_t calls = 0;
  std::uint64_t errors = 0;
  bool operator==(const CallCount&) const = default;
};
using CallCounts = std::map<std::string, CallCount, std::less<>>;

/// Empty if there is no such table in it.
[[nodiscard]] CallCounts parse_strace_counts(std::string_view text);

}  // namespace profiler::test
