// Two recordings compared, for programs: schema "profiler.diff/1",
// tests/golden/profiler.diff-1.schema.json.
//
//   std::string json = diff_json(report);
//
// All rows are there, those that may be chance too: `significant` tells them. Weights are as
// measured; `delta` is after less before scaled (`scale`), `noise` what of it may be chance, both
// for time on the CPU (user and sys), its share of the whole, and waits. For an event that is not a
// clock, keys end in "_value" in place of "_s".
#pragma once

#include <cstddef>
#include <string>

#include "render/diff_report.h"

namespace profiler::render {

/// At most `limit` rows and causes, if that is not 0.
[[nodiscard]] std::string diff_json(const DiffReport& report, std::size_t limit = 0);

}  // namespace profiler::render
