// Names of the kernel that a recording was made under, if they are to be had here.
//
//   Result<KernelSymbols> kernel = kernel_names(identity, {.kallsyms = ""});
//   if (!kernel) note(kernel.error().message());     // says which kernel it was, and what to give
//
// From the kallsyms that was asked for; else from the vmlinux that was; else from this machine's
// /proc/kallsyms if it is the same kernel; else from perf's build-id cache. Where the kernel lay
// elsewhere in memory then (a restart in between, or a vmlinux as it was linked), its symbols are
// moved there, and those of modules left out: they lie anywhere.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "profiler/build_id.h"
#include "profiler/error.h"
#include "symbolizer/kernel/kernel_symbols.h"

namespace profiler::perf_data {

/// What a recording says of its kernel.
struct KernelIdentity {
  BuildId build_id = {};
  std::string release = {};
  std::string host = {};
  /// "_text" or "_stext", and where it lay. Empty: not told.
  std::string reference = {};
  std::uint64_t reference_address = 0;
};

struct KernelNameSources {
  std::string kallsyms = {};        ///< A file to use in any case; or empty.
  std::string vmlinux = {};         ///< Likewise, unless there is a kallsyms.
  std::string build_id_cache = {};  ///< As in ModuleSearchOptions.
};

[[nodiscard]] Result<symbolizer::KernelSymbols> kernel_names(const KernelIdentity& identity,
                                                             const KernelNameSources& sources);

/// "nf_tables" for a kernel module as perf maps it: "[nf_tables]",
/// "/lib/modules/…/nf_tables.ko.xz". Empty: it is none.
[[nodiscard]] std::string kernel_module_name(std::string_view mapped);

/// Whether that kernel, or at least that machine and release, is the running one.
[[nodiscard]] bool is_running_kernel(const KernelIdentity& identity);

/// Moves them to where the recording's kernel lay, as far as it tells.
void place(symbolizer::KernelSymbols& symbols, const KernelIdentity& identity);

}  // namespace profiler::perf_data
