// Whether process ids here are those that the kernel itself uses, as BPF programs do.
#pragma once

namespace profiler::record {

/// False in a container with a pid namespace of its own.
[[nodiscard]] bool in_initial_pid_namespace();

}  // namespace profiler::record
