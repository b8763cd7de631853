#include "render/xml_text.h"

#include "render/printable.h"

namespace profiler::render {

std::string xml_text(std::string_view text) {
  // XML 1.0, production Char: no U+FFFE and U+FFFF; printable() has dealt with all the others.
  constexpr std::string_view kNoncharacters = "\xef\xbf\xbe\xef\xbf\xbf";
  const std::string clean = printable(text);
  std::string escaped;
  escaped.reserve(clean.size());
  for (std::size_t i = 0; i < clean.size(); ++i) {
    switch (clean[i]) {
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '&':
        escaped += "&amp;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      case '\xef': {
        const std::string_view character = std::string_view(clean).substr(i, 3);
        const bool bad =
            character == kNoncharacters.substr(0, 3) || character == kNoncharacters.substr(3);
        escaped += bad ? "\ufffd" : character;
        i += 2;
        break;
      }
      default:
        escaped += clean[i];
    }
  }
  return escaped;
}

std::string clip(std::string_view text, std::size_t columns) {
  std::string clean = printable(text);
  if (display_width(clean) <= columns) return clean;
  return columns == 0 ? "" : std::string(fitting_head(clean, columns - 1)) + "…";
}

}  // namespace profiler::render
