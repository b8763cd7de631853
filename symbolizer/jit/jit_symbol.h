// What the text that names a piece of generated code says: the function, and where it is declared.
//
//   parse_jit_symbol("JS:*fib /app/fib.js:1:13").function;       // "JS:*fib", declared
//   /app/fib.js:1 parse_jit_symbol("py::fib:/app/fib.py").declared_file;       // "/app/fib.py"
//
// V8 and CPython have such forms (V8's marks are ~ interpreted, ^ baseline, + and * optimized);
// any other text is the function's name as it stands.
#pragma once

#include <string_view>

#include "profiler/symbol.h"

namespace symbolizer {

/// `system_name` is the whole text. Bytes that no name should have are left in.
[[nodiscard]] profiler::SourceFrame parse_jit_symbol(std::string_view text);

}  // namespace symbolizer
