// C++ names as their authors would write them: what the compiler adds to a name, and nobody writes,
// is left out. For tables and pictures; JSON and comparisons have names whole.
//
//   simple_name("void std::vector<int, std::allocator<int> >::push_back<int>(int&&)");
//       // "std::vector<int>::push_back<int>(int&&)"
//   base_function_name("Arena::grow<int>(int)");      // "Arena::grow"
//
// Left out: the return type of an instance of a template; arguments of templates of std that are
// their defaults (allocator, char_traits, less, hash, equal_to, default_delete); inline namespaces
// of the library; spaces between closing brackets. basic_string<char> is string, and so on. A name
// whose brackets do not match is returned as it is, as is one of C, Rust or D that has none of
// this.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace profiler::view {

[[nodiscard]] std::string simple_name(std::string_view name);

/// Without return type, parameters and what follows them, and without the template arguments of
/// the function itself.
[[nodiscard]] std::string base_function_name(std::string_view name);

/// simple_name() without parameters and what follows them: "app::mix<int>".
[[nodiscard]] std::string without_parameters(std::string_view name);

/// Length of an operator's name at `name[i]`: "operator<<", "operator->*", "operator()", with the
/// space that keeps it from template arguments; 0 if there is none. Its brackets are no brackets.
[[nodiscard]] std::size_t operator_length(std::string_view name, std::size_t i);

}  // namespace profiler::view
