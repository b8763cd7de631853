// Profiles that the browser tests look at, as pictures and as pages.
#pragma once

#include "profiler/profile.h"

namespace profiler::test {

/// All kinds of frames, and a name that would be a script if it were not escaped.
[[nodiscard]] Profile kinds();
/// User, sys and wait, in two threads.
[[nodiscard]] Profile waits();

}  // namespace profiler::test
