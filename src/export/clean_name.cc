#include "export/clean_name.h"

#include <algorithm>

#include "profiler/utf8.h"

namespace profiler::exporter {
namespace {

/// Controls, and what Unicode-aware readers of lines take for the end of one.
bool is_control(char32_t c) {
  return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x2028 || c == 0x2029;
}

void append_clean(std::string& text, std::string_view name) {
  // Nearly all names are plain throughout.
  const bool plain =
      std::ranges::all_of(name, [](unsigned char c) { return c >= 0x20 && c < 0x7f; });
  if (plain) {
    text += name;
    return;
  }
  text.reserve(text.size() + name.size());
  while (!name.empty()) {
    const char32_t c = next_code_point(name);
    append_utf8(text, is_control(c) ? kReplacementCharacter : c);
  }
}

}  // namespace

std::string clean_name(std::string_view name) {
  const bool is_blank = name.find_first_not_of(' ') == std::string_view::npos;
  std::string clean;
  append_clean(clean, is_blank ? "[no name]" : name);
  return clean;
}

std::string clean_word(std::string_view name, std::string_view replacement) {
  std::string clean;
  append_clean(clean, name.empty() ? replacement : name);
  std::ranges::replace(clean, ' ', '_');
  return clean;
}

}  // namespace profiler::exporter
