// The clocks of a recording, in nanoseconds.
#pragma once

#include <cstdint>
#include <ctime>

namespace profiler::record {

/// `clock`: CLOCK_MONOTONIC (also of all records), CLOCK_REALTIME, CLOCK_THREAD_CPUTIME_ID.
[[nodiscard]] inline std::uint64_t clock_ns(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(now.tv_nsec);
}

[[nodiscard]] inline std::uint64_t monotonic_ns() { return clock_ns(CLOCK_MONOTONIC); }

}  // namespace profiler::record
