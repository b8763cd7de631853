// Counting by records of trace points: the backend where BPF is missing. Not here: reading and
// counting the records (ring_counter.h).
#pragma once

#include <memory>

#include "record/record_options.h"
#include "record/target.h"
#include "syscalls/backend.h"

namespace profiler::syscalls {

/// `options` and `target` outlive the backend. Whether it may count shows when it starts.
[[nodiscard]] std::unique_ptr<Backend> make_ring_backend(SyscallGrouping grouping,
                                                         const record::RecordOptions& options,
                                                         const record::Target& target);

}  // namespace profiler::syscalls
