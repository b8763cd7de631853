// What a comparison comes to, in words, for the top of a text and of a page: by how much all of it
// changed as measured, and where; and how shares that are compared are to be read then.
//
//   diff_sentence(report)   // "CPU time grew by 0.207 ± 0.043 s (0.532 → 0.739 s, +38.9 %), nearly
//                           //  all of it in parse() (+0.204 s, +95.8 %)"
//   shares_sentence(report) // "Shares of CPU time are compared: what did the same work as before
//   …"
#pragma once

#include <string>

#include "render/diff_report.h"

namespace profiler::render {

/// "" where the two have nothing in common that could be subtracted.
[[nodiscard]] std::string diff_sentence(const DiffReport& report);

/// "" unless shares are compared of wholes that differ by more than chance.
[[nodiscard]] std::string shares_sentence(const DiffReport& report);

}  // namespace profiler::render
