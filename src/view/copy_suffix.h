// What compilers append to the names of a function's copies and pieces.
//
//   without_copy_suffix("parse.constprop.0.cold");        // "parse"
//   without_copy_suffix("Arena::grow(int) [clone .isra.0]");  // "Arena::grow(int)"
//
// ".cold", ".part", ".isra", ".constprop", ".lto_priv", ".llvm" and ".localalias", with the numbers
// behind them, as GCC and Clang have them; and the same as demanglers write it.
#pragma once

#include <string_view>

namespace profiler::view {

[[nodiscard]] std::string_view without_copy_suffix(std::string_view name);

}  // namespace profiler::view
