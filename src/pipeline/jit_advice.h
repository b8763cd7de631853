// How the run-time systems that compile just in time are told to say what they have compiled.
//
//   jit_advice("/usr/bin/node");      // "--perf-basic-prof"
//   jit_advice("/usr/bin/true");      // ""
#pragma once

#include <string_view>

namespace profiler::pipeline {

/// `path`: of a module that a process has mapped. What to do, after "to name it, "; "": not known.
[[nodiscard]] std::string_view jit_advice(std::string_view path);

}  // namespace profiler::pipeline
