#include "render/source_text.h"

#include <algorithm>

namespace profiler::render {
namespace {

std::size_t indentation(const std::string& line) {
  const std::string plain = without_tabs(line);
  return std::min(plain.find_first_not_of(' '), plain.size());
}

}  // namespace

std::uint32_t guess_function_end(const SourceText& source, std::uint32_t declared,
                                 std::uint32_t last) {
  constexpr std::uint32_t kFurthest = 400;
  const std::string* const declaration = source.line(declared);
  const std::size_t deepest = declaration != nullptr ? indentation(*declaration) : 0;
  for (std::uint32_t number = last; number < last + kFurthest; ++number) {
    const std::string* const line = source.line(number);
    if (line == nullptr) break;
    const std::size_t first = line->find_first_not_of(" \t");
    if (first != std::string::npos && (*line)[first] == '}' && indentation(*line) <= deepest)
      return number;
  }
  return last;
}

std::string without_tabs(const std::string& line) {
  constexpr std::size_t kTab = 8;
  std::string text;
  for (const char c : line) {
    if (c == '\t') {
      text.append(kTab - text.size() % kTab, ' ');
    } else {
      text += c;
    }
  }
  return text;
}

}  // namespace profiler::render
