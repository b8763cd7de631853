#include "perf_data/generated_code_files.h"

#include <sys/stat.h>

#include <cstdint>
#include <ctime>

namespace profiler::perf_data {
namespace {

bool is_monotonic(const perf_event_attr& attr) {
  return attr.use_clockid != 0 && attr.clockid == CLOCK_MONOTONIC;
}

/// Of the file at `path`, a little later rather than before. 0: not known.
std::uint64_t last_written_unix_ns(const std::string& path) {
  constexpr std::uint64_t kNsPerSecond = 1'000'000'000;
  constexpr std::uint64_t kSlackSeconds = 2;
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode) || status.st_mtim.tv_sec < 0)
    return 0;
  return (static_cast<std::uint64_t>(status.st_mtim.tv_sec) + kSlackSeconds) * kNsPerSecond;
}

}  // namespace

pipeline::GeneratedCodeFiles generated_code_files(const std::string& path,
                                                  const perf_event_attr& attr, bool same_machine) {
  return {.live = false,
          .elsewhere = !same_machine,
          .monotonic = is_monotonic(attr),
          .ended_unix_ns = last_written_unix_ns(path)};
}

}  // namespace profiler::perf_data
