// What was waited for, for people: a report by class, and a section of the overview.
//
//   std::string text = waits_text(head, 40, style);      // classes, each with its callers below it
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "profiler/profile.h"
#include "render/report.h"
#include "render/text_line.h"
#include "view/wait_ledger.h"

namespace profiler::render {

/// Classes, heaviest first; `limit` 0: all.
[[nodiscard]] std::string waits_text(const ReportHead& head, std::size_t limit,
                                     const TextStyle& style);

/// A line a class with its main caller, and one for each pool of idle threads; before them, where
/// there are no stacks, why. Shares are of all of it.
[[nodiscard]] std::string wait_classes_text(const Run& run, const std::vector<view::WaitRow>& rows,
                                            const std::vector<view::IdleThreads>& idle,
                                            const TextStyle& style);

}  // namespace profiler::render
