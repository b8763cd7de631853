#include "symbolizer/jit/jit_symbol.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>

namespace symbolizer {
namespace {

using profiler::SourceFrame;

// V8's CodeTags of what has a source.
constexpr std::array<std::string_view, 5> kScriptTags = {
    "JS:", "LazyCompile:", "Function:", "Eval:", "Script:"};

/// Cuts ":DIGITS" off the end of `text`.
std::optional<std::uint32_t> take_number(std::string_view& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon + 1 == text.size()) return std::nullopt;
  std::uint32_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  text = text.substr(0, colon);
  return number;
}

/// TAG:MARKNAME PATH:LINE:COLUMN, of which the name may be empty and may have blanks ("get size").
bool parse_script(std::string_view text, SourceFrame& frame) {
  const auto tag =
      std::ranges::find_if(kScriptTags, [&](std::string_view t) { return text.starts_with(t); });
  if (tag == kScriptTags.end()) return false;
  std::string_view rest = text;
  if (!take_number(rest)) return false;
  const auto line = take_number(rest);
  if (!line) return false;
  // Paths may have blanks as well: the first that begins like one is taken.
  std::size_t blank = std::string_view::npos;
  for (const std::string_view start : {" /", " file:", " node:"})
    blank = std::min(blank, rest.find(start));
  if (blank == std::string_view::npos) blank = rest.rfind(' ');
  if (blank == std::string_view::npos || blank + 1 == rest.size()) return false;
  std::string_view file = rest.substr(blank + 1);
  if (file.starts_with("file:///")) file.remove_prefix(7);
  std::string_view name = rest.substr(0, blank);
  frame.function = name;
  constexpr std::string_view kMarks = "~^+*'";
  if (name.size() <= tag->size() + 1 &&
      (name.size() == tag->size() || kMarks.find(name.back()) != std::string_view::npos)) {
    frame.function += "(anonymous)";
  }
  frame.declared_file = file;
  frame.declared_line = *line;
  return true;
}

/// py::NAME:PATH
bool parse_python(std::string_view text, SourceFrame& frame) {
  constexpr std::string_view kTag = "py::";
  if (!text.starts_with(kTag)) return false;
  const std::size_t colon = text.find(':', kTag.size());
  if (colon == std::string_view::npos || colon == kTag.size() || colon + 1 == text.size())
    return false;
  frame.function = text.substr(0, colon);
  frame.declared_file = text.substr(colon + 1);
  return true;
}

}  // namespace

SourceFrame parse_jit_symbol(std::string_view text) {
  SourceFrame frame;
  frame.system_name = text;
  if (!parse_script(text, frame) && !parse_python(text, frame)) frame.function = text;
  return frame;
}

}  // namespace symbolizer
