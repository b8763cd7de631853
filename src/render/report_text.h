// Reports for people: tables and trees that fit a terminal.
//
//   std::string text = table_text(head, rows, {.rows = RowsOf::kModules, .limit = 40}, style);
#pragma once

#include <cstddef>
#include <string>

#include "render/report.h"
#include "render/text_line.h"
#include "view/call_tree.h"
#include "view/table.h"

namespace profiler::render {

struct TableTextOptions {
  RowsOf rows = RowsOf::kFunctions;
  bool sys_only = false;    ///< Only kernel time was selected: no column for user time.
  bool wait_first = false;  ///< Sorted by wait: its columns stand first.
  bool self_first = false;  ///< The columns of self stand before those of total.
  std::size_t limit = 40;   ///< Rows; 0: all.
};

struct TreeTextOptions {
  bool inverted = false;
  double min_share = 0.5;  ///< Percent of all below which a branch is left out.
  std::size_t limit = 0;   ///< Lines; 0: all.
};

/// What was recorded, how much of it is looked at, and how good it is.
[[nodiscard]] std::string head_text(const ReportHead& head, const TextStyle& style);

[[nodiscard]] std::string table_text(const ReportHead& head, const view::Table& table,
                                     const TableTextOptions& options, const TextStyle& style);
/// Causes, each with its callers below it.
[[nodiscard]] std::string causes_text(const ReportHead& head, std::size_t limit,
                                      const TextStyle& style);
/// What stands below a table that was cut; "" where nothing is hidden.
[[nodiscard]] std::string more_text(std::size_t hidden, const TextStyle& style);
/// A single child stands under its parent without a branch of its own.
[[nodiscard]] std::string tree_text(const ReportHead& head, const view::CallTree& tree,
                                    const TreeTextOptions& options, const TextStyle& style);

}  // namespace profiler::render
