#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string>

namespace profiler::cli {

namespace {

constexpr std::size_t kTerminalWidth = 80;  // of a terminal that does not say
constexpr std::size_t kFileWidth = 120;
constexpr std::size_t kLeastWidth = 40;
constexpr std::size_t kMostWidth = 4096;

std::optional<std::string_view> environment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) return std::nullopt;
  return value;
}

}  // namespace

Result<ColorChoice> parse_color(std::string_view text) {
  if (text == "auto") return ColorChoice::kAuto;
  if (text == "always") return ColorChoice::kAlways;
  if (text == "never") return ColorChoice::kNever;
  return std::unexpected(
      Error{"--color: '" + std::string(text) + "' is not one of auto, always, never"});
}

TerminalFacts terminal_facts(int fd) {
  TerminalFacts facts;
  facts.is_terminal = isatty(fd) == 1;
  winsize size{};
  if (facts.is_terminal && ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    facts.window_columns = size.ws_col;
  }
  facts.columns = environment("COLUMNS");
  facts.no_color = environment("NO_COLOR");
  facts.term = environment("TERM");
  return facts;
}

bool decide_color(ColorChoice choice, const TerminalFacts& facts) {
  if (choice != ColorChoice::kAuto) return choice == ColorChoice::kAlways;
  if (!facts.is_terminal) return false;
  if (facts.no_color && !facts.no_color->empty()) return false;
  return facts.term && !facts.term->empty() && facts.term != "dumb";
}

std::size_t decide_width(const TerminalFacts& facts) {
  std::size_t width = facts.is_terminal ? kTerminalWidth : kFileWidth;
  if (facts.window_columns) {
    width = *facts.window_columns;
  } else if (facts.columns) {
    std::size_t columns = 0;
    const char* end = facts.columns->data() + facts.columns->size();
    const auto [rest, problem] = std::from_chars(facts.columns->data(), end, columns);
    if (problem == std::errc() && rest == end && columns > 0) width = columns;
  }
  return std::clamp(width, kLeastWidth, kMostWidth);
}

bool use_color(ColorChoice choice, int fd) { return decide_color(choice, terminal_facts(fd)); }

std::size_t terminal_width(int fd) { return decide_width(terminal_facts(fd)); }

}  // namespace profiler::cli
