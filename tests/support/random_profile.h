// Profiles that nobody would write by hand, the same for the same seed: recursion, inlining, nested
// causes, stacks without ends, frames without names, several processes.
//
//   for (std::uint32_t seed = 0; seed < 50; ++seed) check(random_profile(seed));
#pragma once

#include <cstdint>

#include "profiler/profile.h"

namespace profiler::test {

[[nodiscard]] Profile random_profile(std::uint32_t seed);

}  // namespace profiler::test
