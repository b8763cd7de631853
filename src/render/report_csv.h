// Reports as comma-separated values (RFC 4180), for spreadsheets and scripts: a line of titles,
// then a line a row. Names are whole; unknown fields are empty.
//
//   std::string csv = table_csv(head, view::function_table(profile, samples, {}),
//   RowsOf::kFunctions);
//
// Amounts are seconds, or for an event that is not a clock its count.
#pragma once

#include <string>

#include "render/report.h"
#include "view/call_tree.h"
#include "view/table.h"

namespace profiler::render {

[[nodiscard]] std::string table_csv(const ReportHead& head, const view::Table& table, RowsOf rows);
/// A line for each caller of each cause.
[[nodiscard]] std::string causes_csv(const ReportHead& head, std::size_t limit = 0);
/// A line for each caller of each class of waiting.
[[nodiscard]] std::string waits_csv(const ReportHead& head, std::size_t limit = 0);
/// Depth first; the column "depth" tells the tree's shape.
[[nodiscard]] std::string tree_csv(const ReportHead& head, const view::CallTree& tree);

}  // namespace profiler::render
