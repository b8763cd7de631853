// Names as XML character data: inert, well-formed, and cut to a width.
//
//   xml_text("operator<");                 // "operator&lt;"
//   xml_text(clip(name, 20));              // at most 20 columns, "…" where it was cut
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace profiler::render {

/// printable(), with < > & " ' escaped: fit for element content and for attribute values.
[[nodiscard]] std::string xml_text(std::string_view text);

/// printable(), cut to `columns` of a fixed-width font; the last one is then "…".
[[nodiscard]] std::string clip(std::string_view text, std::size_t columns);

}  // namespace profiler::render
