// The running kernel's symbols, from /proc/kallsyms (proc(5)).
//
//   Result<KernelSymbols> kernel = read_kallsyms();
//   if (!kernel) note(kernel.error().message());   // hidden, or no /proc: says which setting helps
//
// Tens of milliseconds, nearly all of it the kernel's: read it only when there is something to
// name.
#pragma once

#include <cstdint>
#include <string>

#include "profiler/error.h"
#include "symbolizer/kernel/kernel_symbols.h"

namespace symbolizer {

/// `settings`: the directory of kptr_restrict and perf_event_paranoid, which decide who may see
/// addresses; the Error names the one that hides them.
[[nodiscard]] profiler::Result<KernelSymbols> read_kallsyms(
    const std::string& path = "/proc/kallsyms", const std::string& settings = "/proc/sys/kernel");

/// Where the running kernel's "_text" lies, which is among the first lines; 0: hidden, or not
/// there.
[[nodiscard]] std::uint64_t running_kernel_text(const std::string& path = "/proc/kallsyms");

}  // namespace symbolizer
