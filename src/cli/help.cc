#include "cli/help.h"

#include <algorithm>
#include <string_view>

#include "profiler/utf8.h"

namespace profiler::cli {

namespace {

namespace po = boost::program_options;

constexpr std::size_t kWidth = 80;
constexpr std::size_t kOptionColumn = 26;

std::size_t columns_of(std::string_view text) {
  std::size_t count = 0;
  while (!text.empty()) count += static_cast<std::size_t>(columns(next_code_point(text)));
  return count;
}

/// "  -o, --output FILE"
std::string left_column(const po::option_description& option) {
  const std::string letter =
      option.canonical_display_name(po::command_line_style::allow_dash_for_short);
  const bool has_letter = letter.size() == 2 && letter[0] == '-';
  std::string text = has_letter ? "  " + letter : "    ";
  if (!option.long_name().empty()) {
    text += (has_letter ? ", --" : "  --") + option.long_name();
  }
  if (option.semantic()->max_tokens() > 0) {
    // Boost appends " (=default)": descriptions say that in words.
    const std::string name = option.semantic()->name();
    text += " " + name.substr(0, name.find(" ("));
  }
  return text;
}

/// `right` from `column` on, wrapped between words.
void append_wrapped(std::string& text, std::string line, std::string_view right,
                    std::size_t column) {
  std::size_t width = columns_of(line);
  if (width + 2 > column) {
    text += line + "\n";
    line.clear();
    width = 0;
  }
  line.append(column - width, ' ');
  width = column;
  bool first = true;
  while (!right.empty()) {
    const auto space = right.find(' ');
    const std::string_view word = right.substr(0, space);
    if (!first && width + 1 + columns_of(word) > kWidth) {
      text += line + "\n";
      line.assign(column, ' ');
      width = column;
      first = true;
    }
    if (!first) line += ' ';
    line += word;
    width += columns_of(word) + (first ? 0 : 1);
    first = false;
    right.remove_prefix(space == std::string_view::npos ? right.size() : space + 1);
  }
  text += line + "\n";
}

void append_options(std::string& text, const po::options_description& options) {
  for (const auto& option : options.options()) {
    append_wrapped(text, left_column(*option), option->description(), kOptionColumn);
  }
}

}  // namespace

std::string help_screen(const CommandInfo& info, const po::options_description& basic,
                        const po::options_description* advanced) {
  std::string text = "Usage: profiler " + info.name + " " + info.usage + "\n";
  text += info.summary + ".\n\n";
  append_options(text, basic);
  if (advanced != nullptr) {
    append_options(text, *advanced);
  } else {
    append_wrapped(text, "      --help-all", "the other options", kOptionColumn);
  }
  std::size_t column = 0;
  for (const Example& example : info.examples) {
    column = std::max(column, 2 + columns_of(example.command) + 2);
  }
  if (!info.examples.empty()) text += "\nExamples:\n";
  for (const Example& example : info.examples) {
    append_wrapped(text, "  " + example.command, example.meaning, column);
  }
  return text;
}

}  // namespace profiler::cli
