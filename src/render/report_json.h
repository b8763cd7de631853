// Reports for programs: schema "profiler.report/1", tests/golden/profiler.report-1.schema.json.
//
//   std::string json = table_json(head, view::function_table(profile, samples, {}),
//                                 RowsOf::kFunctions, "functions");
//
// Names are whole, times are exact to the nanosecond, what was not measured is null. For an event
// that is not a clock, keys end in "_value" in place of "_s".
#pragma once

#include <string>
#include <string_view>

#include "render/report.h"
#include "view/call_tree.h"
#include "view/table.h"

namespace profiler::render {

/// `key`: "functions", or "rows" where a grouping was asked for.
[[nodiscard]] std::string table_json(const ReportHead& head, const view::Table& table, RowsOf rows,
                                     std::string_view key);
/// "rows" by cause; at most `limit` of them if that is not 0.
[[nodiscard]] std::string causes_json(const ReportHead& head, std::size_t limit = 0);
/// "rows" by what was waited for; likewise.
[[nodiscard]] std::string waits_json(const ReportHead& head, std::size_t limit = 0);
/// "root"
[[nodiscard]] std::string tree_json(const ReportHead& head, const view::CallTree& tree);

}  // namespace profiler::render
