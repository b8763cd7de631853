// Profiles that readers are given: small ones whose answers differ for every mistake.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "profiler/profile.h"

namespace profiler::test {

inline constexpr std::int64_t kMillisecond = 1'000'000;

/// Two processes and three threads; inlined functions, recursion of one and of two, the kernel, and
/// names of all sorts.
[[nodiscard]] Profile small_profile();

/// With waits, of kWaited nanoseconds together; of kLocked for a lock.
[[nodiscard]] Profile waiting_profile();
inline constexpr std::int64_t kLocked = 200 * kMillisecond;
inline constexpr std::int64_t kWaited = kLocked + 60 * kMillisecond + 200 * kMillisecond;

/// Names that could break a format, a terminal or a page.
[[nodiscard]] const std::vector<std::string>& hostile_names();
/// Each in stacks of its own, five samples; also as the name of a thread, a module and a file.
[[nodiscard]] Profile hostile_profile();

}  // namespace profiler::test
