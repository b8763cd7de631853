// Counting by a BPF program: the backend of choice. Not here: the program's loading
// (bpf_counter.h).
#pragma once

#include <memory>

#include "profiler/error.h"
#include "record/record_options.h"
#include "record/target.h"
#include "syscalls/backend.h"

namespace profiler::syscalls {

/// One stack is sampled in so much time spent in calls on a CPU.
inline constexpr std::uint64_t kCallerPeriodNs = 1'000'000;

/// `target` outlives the backend. The Error says what is missing.
[[nodiscard]] Result<std::unique_ptr<Backend>> open_bpf_backend(
    SyscallGrouping grouping, bool callers, const record::RecordOptions& options,
    const record::Target& target);

}  // namespace profiler::syscalls
