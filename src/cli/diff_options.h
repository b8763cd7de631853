// What `profiler diff` is told: its options, checked as far as they can be without the recordings.
//
//   const CommandLine line = diff_command_line();
//   Result<DiffCommandOptions> options = diff_options_of(*given);   // "--sort is of tables as …"
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "cli/command_line.h"
#include "profiler/error.h"
#include "render/diff_text.h"
#include "render/report.h"
#include "view/diff.h"

namespace profiler::cli {

enum class DiffFormat : std::uint8_t { kText, kJson, kSvg, kHtml };

struct DiffGrouping {
  std::optional<render::RowsOf> rows = {};  ///< None: causes.
  std::optional<view::GroupBy> by = {};
};

/// What was asked for, checked.
struct DiffCommandOptions {
  DiffFormat format = DiffFormat::kText;
  DiffGrouping grouping;
  bool grouping_given = false;
  view::DiffOptions diff;
  render::DiffTextOptions text;
  std::optional<std::size_t> limit;
  bool gone = false;
  std::optional<double> fail_above;  ///< Percent.
};

[[nodiscard]] CommandLine diff_command_line();

/// An option that says nothing of what is written is an error, as is a file name that says no
/// format.
[[nodiscard]] Result<DiffCommandOptions> diff_options_of(const ParsedOptions& given);

}  // namespace profiler::cli
