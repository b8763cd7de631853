// The one table of kernel functions that stand at a boundary: where user code, an interrupt or a
// new thread enters the kernel. x86-64 and aarch64, old and new kernels together: their names do
// not collide.
//
//   EntrySymbol s = entry_symbol("asm_exc_page_fault");     // kFault, a stub
//   syscall_of_function("__x64_sys_newfstat");              // "fstat"
//
// Takes names without compiler suffixes (strip_suffixes). Not here: what a chain of them means
// (classify.h).
#pragma once

#include <cstdint>
#include <string_view>

namespace profiler::kernel {

enum class EntryRole : std::uint8_t {
  kNone,
  kSyscall,      ///< Entry or dispatcher of system calls; the call's own function lies inside it.
  kFault,        ///< Page fault.
  kException,    ///< `name` says which.
  kIrq,          ///< `name` says which.
  kSoftirq,      ///< Runs softirqs: from an interrupt, from local_bh_enable, from ksoftirqd.
  kSync,         ///< aarch64's common stub of calls, faults and exceptions: the next frame tells.
  kEntryCode,    ///< Code that several kinds of entry share: tells only that there was one.
  kThreadStart,  ///< Where a new thread begins: a kernel thread, or a fork's return to user mode.
  kWorker,       ///< Main function of kernel threads that some kernels mark as user threads.
  kIdle,         ///< Root of a CPU's idle thread.
  kExit,         ///< do_exit: of its own accord, or because a signal ends the process.
  kExec,
  kVsyscall,  ///< A fault that emulates a call to the vsyscall page.
  kSwitch,    ///< The scheduler, where nothing else explains the chain.
  kSkip,      ///< Trampolines and thunks that may stand between any two frames.
};

/// Where a function stands in its boundary.
enum class EntryPlace : std::uint8_t {
  kHandler,        ///< Called by a stub: begins a boundary only where no stub was seen.
  kStub,           ///< The outermost: begins a boundary, even inside one of the same kind.
  kKernelHandler,  ///< A handler of what kernel code ran into: never part of the boundary around
                   ///< it.
};

struct EntrySymbol {
  EntryRole role = EntryRole::kNone;
  EntryPlace place = EntryPlace::kHandler;
  std::string_view name = {};  ///< For kException and kIrq.
};

/// A function's name without what the compiler appended: "do_exit.cold", "f.isra.0.part.1".
[[nodiscard]] std::string_view strip_suffixes(std::string_view function);

[[nodiscard]] EntrySymbol entry_symbol(std::string_view function);

/// The system call that `function` implements, named as user space knows it; "" if it is none.
[[nodiscard]] std::string_view syscall_of_function(std::string_view function);

/// The call that leads to `function` when this stands directly below the dispatcher, because the
/// call's own function ended in a jump to it; "" where several calls do.
[[nodiscard]] std::string_view syscall_of_tail_call(std::string_view function);

}  // namespace profiler::kernel
