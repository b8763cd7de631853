// Names from foreign files, made fit to stand in a line of text: valid UTF-8, without line ends,
// tabs, escape sequences or other controls, and never empty.
//
//   clean_name("a\nb\x1b[0m")          // "a�b�[0m"
//
// Not here: characters that mean something in one format only, such as ';' in folded stacks.
#pragma once

#include <string>
#include <string_view>

namespace profiler::exporter {

/// "[no name]" for "" and for blanks alone.
[[nodiscard]] std::string clean_name(std::string_view name);

/// Likewise, with `_` for every blank, and `replacement` for "": for fields that blanks separate.
[[nodiscard]] std::string clean_word(std::string_view name, std::string_view replacement);

}  // namespace profiler::exporter
