// Names come from files that anybody may have made: what a terminal would act on is shown as an
// escape instead. Everything that is printed as text goes through here (TextLine does it).
//
//   printable("\x1b[2J");        // "\\x1b[2J"
//   display_width("größe");      // 5
//
// Not for JSON, XML or CSV, which have escapes of their own.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace profiler::render {

/// Control characters, characters that reorder or hide text, and bytes that are no UTF-8, as
/// "\x1b" or "\u{202e}". The result is valid UTF-8 without line breaks.
[[nodiscard]] std::string printable(std::string_view text);

/// Columns that `text` takes on a terminal; `text` is printable().
[[nodiscard]] std::size_t display_width(std::string_view text);

/// The longest beginning (end) of `text` that fits into `width` columns.
[[nodiscard]] std::string_view fitting_head(std::string_view text, std::size_t width);
[[nodiscard]] std::string_view fitting_tail(std::string_view text, std::size_t width);

/// A character and the bytes it took. none: no valid UTF-8 at the beginning of `text`.
struct Utf8Character {
  char32_t code_point = 0;
  std::size_t bytes = 0;
};
[[nodiscard]] std::optional<Utf8Character> first_character(std::string_view text);

}  // namespace profiler::render
