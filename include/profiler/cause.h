// Why the kernel was running: the entry and the cause of a sys sample.
//
//   entry: the outermost way into the kernel (what the user code did, or what interrupted it).
//   cause: the innermost such boundary. A page fault inside read() has cause fault, entry read.
//
// Tables by cause, and ledgers by entry, each add up to all sys time.
#pragma once

#include <cstdint>
#include <string_view>

namespace profiler {

enum class KernelEntryKind : std::uint8_t {
  kSyscall,    ///< name: the call, "read"; "" while not yet known.
  kFault,      ///< name: "anonymous", "file", "copy-on-write", "major" or "other".
  kException,  ///< name: "divide_error", "debug", …
  kIrq,        ///< name: "apic_timer_interrupt", …
  kSoftirq,    ///< name: the vector, "timer", "rcu", "net_rx", …; "" where no action shows it.
  kScheduler,  ///< A user thread's first return from fork, or a switch with no entry in the chain.
  kKthread,    ///< A kernel thread.
  kExecExit,   ///< exec or exit work with no system-call entry in the chain.
  kOther,      ///< None of these could be seen in the chain.
};

/// As in the JSON's "kind".
constexpr std::string_view name(KernelEntryKind kind) {
  switch (kind) {
    case KernelEntryKind::kSyscall:
      return "syscall";
    case KernelEntryKind::kFault:
      return "fault";
    case KernelEntryKind::kException:
      return "exception";
    case KernelEntryKind::kIrq:
      return "irq";
    case KernelEntryKind::kSoftirq:
      return "softirq";
    case KernelEntryKind::kScheduler:
      return "scheduler";
    case KernelEntryKind::kKthread:
      return "kthread";
    case KernelEntryKind::kExecExit:
      return "exec/exit";
    case KernelEntryKind::kOther:
      return "other";
  }
  return "other";
}

}  // namespace profiler
