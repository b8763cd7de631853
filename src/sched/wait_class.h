// What a thread waits for, by the kernel functions on its stack when it leaves the CPU.
//
//   wait_class({"schedule", "futex_do_wait", "__futex_wait", …})      // WaitClass::kLock
//   wait_class({"schedule", "exit_to_user_mode_loop", …})             // WaitClass::kRunnable
//
// Pure. Meant for chains of context switches. Whether a thread could have gone on is told by the
// switch record, too, and better.
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
