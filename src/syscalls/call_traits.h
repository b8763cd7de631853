// The few calls that do not simply return to whom they were made by.
//
//   traits_of(59, SyscallAbi::kNative).execs;           // execve, where there is x86-64
#pragma once

#include <cstdint>

#include "profiler/syscall_account.h"

namespace profiler::syscalls {

struct CallTraits {
  bool execs = false;  ///< execve, execveat: successful, it makes another program.
  bool makes_threads =
      false;  ///< clone, clone3, fork, vfork: returns in the child as well, with 0.
  bool never_returns = false;  ///< exit, exit_group
};

/// By number; looked up, for every call that is counted.
[[nodiscard]] CallTraits traits_of(std::int32_t number, SyscallAbi abi);

}  // namespace profiler::syscalls
