// What is known of the terminal: how wide it is, and whether colours are wanted.
//
//   auto choice = parse_color(options->get<std::string>("color", "auto"));
//   render(table, terminal_width(STDOUT_FILENO), use_color(*choice, STDOUT_FILENO));
//
// The rules are functions of their inputs (decide_*) and are tested without a terminal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "profiler/error.h"

namespace profiler::cli {

enum class ColorChoice : std::uint8_t { kAuto, kAlways, kNever };

/// "auto", "always", "never".
[[nodiscard]] Result<ColorChoice> parse_color(std::string_view text);

/// What the rules look at; an environment variable that is not set is none.
struct TerminalFacts {
  bool is_terminal = false;
  std::optional<std::size_t> window_columns = {};  ///< Of the terminal's window, if it says.
  std::optional<std::string_view> columns = {};    ///< $COLUMNS
  std::optional<std::string_view> no_color = {};   ///< $NO_COLOR: set unless empty
  std::optional<std::string_view> term = {};       ///< $TERM
};

/// Of the file descriptor and this process's environment.
[[nodiscard]] TerminalFacts terminal_facts(int fd);

/// By https://no-color.org; an explicit choice overrules everything.
[[nodiscard]] bool decide_color(ColorChoice choice, const TerminalFacts& facts);
/// Columns to use: the window's, else $COLUMNS, else 80 on a terminal and 120 elsewhere; at
/// least 40.
[[nodiscard]] std::size_t decide_width(const TerminalFacts& facts);

[[nodiscard]] bool use_color(ColorChoice choice, int fd);
[[nodiscard]] std::size_t terminal_width(int fd);

}  // namespace profiler::cli
