// What a thread waits for, by the kernel functions on its stack when it leaves the CPU.
//
//   wait_class({"schedule", "futex_wait_queue", …})      // WaitClass::kLock
//
// Pure. Whether it is preempted is not the chain's to say: the switch record does.
#pragma once

#include <span>
#include <string_view>

#include "profiler/wait.h"

namespace profiler::sched {

/// `names`: function names of the kernel frames, innermost first; "" where one is unknown. kNone if
/// nothing of it schedules: then it is the chain of a running thread. kOther if it waits for
/// something that is not known here.
[[nodiscard]] WaitClass wait_class(std::span<const std::string_view> names);

}  // namespace profiler::sched
