// Which code is a language's run-time support rather than somebody's program: libc, the loader, the
// vdso, the C++ run-time, known allocators. The caller of a cause is looked for outside it.
//
//   is_runtime_module("libc.so.6")                       // true
//   is_runtime_function("_ZNSt6vectorIiSaIiEE9push_backEOi")   // true: std:: in any module
#pragma once

#include <string_view>

namespace profiler::view {

/// `name`: the last part of the module's path.
[[nodiscard]] bool is_runtime_module(std::string_view name);

/// Instances of the C++ library's templates, and a program's own operator new, are linked into the
/// program; their mangled names tell.
[[nodiscard]] bool is_runtime_function(std::string_view system_name);

/// Where a program or a thread begins, before any code of its own: "_start", "start_thread".
[[nodiscard]] bool is_start_function(std::string_view name);

}  // namespace profiler::view
