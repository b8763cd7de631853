// Which of the allowed words a mistyped one was meant to be.
//
//   nearest_name("flamegarph", names);   // "flamegraph"
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace profiler::cli {

/// The candidate with the fewest edits (a letter missing, added, changed or swapped with its
/// neighbour), if that is a plausible slip: at most a third of its length. "" otherwise.
[[nodiscard]] std::string nearest_name(std::string_view word,
                                       std::span<const std::string> candidates);

}  // namespace profiler::cli
