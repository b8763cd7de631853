// A thread that empties rings must not wait for its turn on a busy machine: records would be lost.
#pragma once

namespace profiler::record {

/// The calling thread runs before all ordinary ones, where that is permitted (SCHED_FIFO, or else
/// nice -20). For threads that never have much to do.
void make_thread_urgent();

}  // namespace profiler::record
