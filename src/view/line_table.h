// Time by source line: what group_table() has for GroupBy::kLine. Used inside src/view only.
//
//   Table rows = line_table(profile, samples, {});
//   rows[0].file, rows[0].line, rows[0].label           // the line, and the function it is in
//
// Self goes to the line of the innermost code, be it inlined or not; total goes to that line and to
// each call above it, those of inlined functions too, once a sample. Where no line is known, the
// function, address or kernel boundary has a row.
#pragma once

#include <vector>

#include "profiler/profile.h"
#include "view/function_table.h"
#include "view/table.h"

namespace profiler::view {

/// In no particular order. A line that several functions share (instances of a template) is
/// labelled with the one of most time, and TableRow::functions says how many they are.
[[nodiscard]] Table line_table(const Profile& profile, const std::vector<const Sample*>& samples,
                               const TableOptions& options);

}  // namespace profiler::view
