// How a module is called in a table: the last part of its path.
//
//   module_name(profile, module);   // "/usr/lib/x86_64-linux-gnu/libc.so.6" -> "libc.so.6"
//
// Names in brackets or with "//" ("[vdso]", "//anon") are no paths and stay whole.
#pragma once

#include <string>
#include <string_view>

#include "profiler/profile.h"

namespace profiler::view {

[[nodiscard]] constexpr bool is_kernel(ModuleKind kind) {
  return kind == ModuleKind::kKernel || kind == ModuleKind::kKernelModule;
}

[[nodiscard]] std::string_view base_name(std::string_view path);
/// "[unmapped]" for none.
[[nodiscard]] std::string module_name(const Profile& profile, ModuleIndex module);

}  // namespace profiler::view
