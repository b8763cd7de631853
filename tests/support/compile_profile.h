// A made-up recording of a large C++ compile, for what must stay small or fast: deep stacks that
// mostly share their outer frames, many call sites, names as of a stripped compiler and as of C++
// templates. The same for the same size, on every machine.
//
//   Profile p = compile_profile(5000);      // about 4,500 stacks, 60,000 nodes, 20,000 frames
#pragma once

#include <cstddef>

#include "profiler/profile.h"

namespace profiler::test {

[[nodiscard]] Profile compile_profile(std::size_t samples);

}  // namespace profiler::test
