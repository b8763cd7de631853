// Entry and cause of a kernel call chain: why the kernel was running (profiler/cause.h).
//
//   std::vector<std::string_view> chain = {"do_syscall_64", "entry_SYSCALL_64_after_hwframe"};
//   Classification c = classify(chain);       // innermost first, as the kernel gives it
//   if (c.needs_syscall_name()) …             // nothing in the chain names the call
//
// Walks from the outermost frame, beginning a new boundary at each entry symbol (entry_symbols.h):
// x86-64 and aarch64, old and new kernels.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "profiler/cause.h"

namespace profiler::kernel {

struct Boundary {
  KernelEntryKind kind = KernelEntryKind::kOther;
  std::string name;
  bool operator==(const Boundary&) const = default;
};

struct Classification {
  Boundary cause;
  Boundary entry;
  /// The chain shows a system call but not which, or no entry at all: the user's code must tell
  /// (syscall_site.h).
  [[nodiscard]] bool needs_syscall_name() const;
  /// Fills in the call's name where it is missing. Where no entry could be seen, the user's code
  /// stands just after its system-call instruction, so that is what it was. Ignores "".
  void set_syscall_name(std::string_view name);
  bool operator==(const Classification&) const = default;
};

/// `names`: function names of the kernel frames, innermost first; "" where one is unknown.
/// `user_thread`: the sampled thread has a user side (kernel threads have none).
[[nodiscard]] Classification classify(std::span<const std::string_view> names, bool user_thread);

}  // namespace profiler::kernel
