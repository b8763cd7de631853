#include "render/printable.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "profiler/utf8.h"

namespace profiler::render {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

// Controls; zero-width and directional formatting characters; line and paragraph separators; tags.
constexpr std::array<Range, 10> kHarmful = {{{0x00, 0x1f},
                                             {0x7f, 0x9f},
                                             {0xad, 0xad},
                                             {0x61c, 0x61c},
                                             {0x180e, 0x180e},
                                             {0x200b, 0x200f},
                                             {0x2028, 0x202e},
                                             {0x2060, 0x206f},
                                             {0xfeff, 0xfeff},
                                             {0xe0000, 0xe007f}}};
bool is_harmful(char32_t c) {
  return std::ranges::any_of(kHarmful, [c](Range r) { return r.first <= c && c <= r.last; });
}

std::size_t width_of(char32_t c) { return static_cast<std::size_t>(columns(c)); }

unsigned byte_at(std::string_view text, std::size_t i) {
  return static_cast<unsigned char>(text[i]);
}

}  // namespace

std::optional<Utf8Character> first_character(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::string_view rest = text;
  const char32_t c = next_code_point(rest);
  const std::size_t bytes = text.size() - rest.size();
  if (bytes == 1 && byte_at(text, 0) >= 0x80) return std::nullopt;
  return Utf8Character{.code_point = c, .bytes = bytes};
}

std::string printable(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  std::array<char, 16> escape{};
  while (!text.empty()) {
    const auto character = first_character(text);
    if (!character) {
      std::snprintf(escape.data(), escape.size(), "\\x%02x", byte_at(text, 0));
      result += escape.data();
      text.remove_prefix(1);
      continue;
    }
    if (!is_harmful(character->code_point)) {
      result += text.substr(0, character->bytes);
    } else {
      const auto code = static_cast<unsigned>(character->code_point);
      std::snprintf(escape.data(), escape.size(), code < 0x80 ? "\\x%02x" : "\\u{%x}", code);
      result += escape.data();
    }
    text.remove_prefix(character->bytes);
  }
  return result;
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const auto c = first_character(text).value_or(Utf8Character{.code_point = '?', .bytes = 1});
    width += width_of(c.code_point);
    text.remove_prefix(c.bytes);
  }
  return width;
}

std::string_view fitting_head(std::string_view text, std::size_t width) {
  std::size_t used = 0;
  std::size_t end = 0;
  while (end < text.size()) {
    const auto c =
        first_character(text.substr(end)).value_or(Utf8Character{.code_point = '?', .bytes = 1});
    used += width_of(c.code_point);
    if (used > width) break;
    end += c.bytes;
  }
  return text.substr(0, end);
}

std::string_view fitting_tail(std::string_view text, std::size_t width) {
  std::size_t excess = display_width(text);
  while (excess > width) {
    const auto c = first_character(text).value_or(Utf8Character{.code_point = '?', .bytes = 1});
    excess -= width_of(c.code_point);
    text.remove_prefix(c.bytes);
  }
  // A combining mark alone would join what stands before it.
  while (!text.empty()) {
    const auto c = first_character(text).value_or(Utf8Character{.code_point = '?', .bytes = 1});
    if (width_of(c.code_point) != 0) break;
    text.remove_prefix(c.bytes);
  }
  return text;
}

}  // namespace profiler::render
