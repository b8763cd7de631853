// Long C++ names cut down to a column: what nobody writes first (view/simple_name.h), then template
// arguments and parameters from the inside out, then scopes. Tables only: JSON and CSV have names
// whole.
//
//   short_name("std::map<int, std::string>::insert(std::pair<int, std::string>)", 40)
//       // "std::map<int, std::string>::insert(…)"
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace profiler::render {

/// `name` is printable(). At most `width` columns, never less than one character if width > 0.
[[nodiscard]] std::string short_name(std::string_view name, std::size_t width);

/// The end of a path is what tells: "…/gcc/ggc-page.c".
[[nodiscard]] std::string short_path(std::string_view path, std::size_t width);

}  // namespace profiler::render
