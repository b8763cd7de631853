// The text of a perf-PID.map, in which a just-in-time compiler says what code it has made
// (perf's jit-interface.txt): a line for each function, of hexadecimal start, hexadecimal size, and
// name up to the end of the line.
//
//   std::vector<std::string> names = find_in_perf_map(text, addresses);   // sorted addresses
//   names[0];                                     // "JS:*fib /app/fib.js:1:13", or "" for none
//
// Not the file: that is perf_map_file.h. Later lines are newer code and win where they overlap
// earlier ones. Every byte is treated as hostile: the text is read once, backwards, and nothing is
// held but the names found. A last line without its newline is still being written: left out.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "profiler/address.h"

namespace symbolizer {

/// Of a name, more is not kept.
inline constexpr std::size_t kMaxJitName = 4096;

/// One name for each address, "" where no line covers it. `sorted`: rising addresses.
[[nodiscard]] std::vector<std::string> find_in_perf_map(
    std::string_view text, std::span<const profiler::RuntimeAddress> sorted);

}  // namespace symbolizer
