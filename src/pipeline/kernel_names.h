// The names of the kernel that a recording was made under, if they are to be had here.
//
//   Result<KernelSymbols> kernel = kernel_names(running_kernel(), {});
//   if (!kernel) note(kernel.error().message());     // says which kernel it was, and what to give
//
// From the kallsyms that was asked for; else from this machine's /proc/kallsyms if it is the same
// kernel; else from perf's build-id cache, a vmlinux, a System.map. Where the kernel lay elsewhere
// in memory then (a restart in between, or a vmlinux as it was linked), its symbols are moved
// there, and those of modules left out: they lie anywhere. Where that is not known, there are no
// names: they would be wrong. A vmlinux with debug information is kept with the symbols, for
// inlined calls and lines.
#pragma once

#include <cstdint>
#include <string>

#include "profiler/build_id.h"
#include "profiler/error.h"
#include "profiler/profile.h"
#include "symbolizer/elf/debug_files.h"
#include "symbolizer/kernel/kernel_symbols.h"

namespace profiler::pipeline {

/// What a recording says of its kernel.
struct KernelIdentity {
  BuildId build_id = {};
  std::string release = {};
  std::string host = {};
  /// "_text" or "_stext", and where it lay. Empty: not told.
  std::string reference = {};
  std::uint64_t reference_address = 0;
  /// It lies where it is linked to (nokaslr), should the above not be known.
  bool unmoved = false;
};

/// The kernel that runs here and now.
[[nodiscard]] KernelIdentity running_kernel();
/// That of a profile.
[[nodiscard]] KernelIdentity kernel_of(const Profile& profile);

struct KernelNameSources {
  std::string kallsyms = {};  ///< A file to use in any case; or empty.
  std::string vmlinux = {};   ///< Likewise; it must be the recording's.
  symbolizer::DebugFileSearch debug_files = {};
  std::string root = {};  ///< What was "/" of the recording's machine.
  /// Whose kernel it is that runs here, and its table.
  KernelIdentity running = running_kernel();
  std::string running_kallsyms = "/proc/kallsyms";
};

/// Error: there are none; one line that says why, and what to do.
[[nodiscard]] Result<symbolizer::KernelSymbols> kernel_names(const KernelIdentity& identity,
                                                             const KernelNameSources& sources);

/// Whether that kernel, or at least that machine and release, is the running one.
[[nodiscard]] bool is_running_kernel(const KernelIdentity& identity,
                                     const KernelIdentity& running = running_kernel());

/// Moves them to where the recording's kernel lay, as far as it tells.
void place(symbolizer::KernelSymbols& symbols, const KernelIdentity& identity);

}  // namespace profiler::pipeline
