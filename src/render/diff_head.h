// The head of a comparison as text: the two recordings, their totals side by side, and what is
// compared.
//
//   out += diff_head_text(report, style);
#pragma once

#include <string>

#include "render/diff_report.h"
#include "render/text_line.h"

namespace profiler::render {

[[nodiscard]] std::string diff_head_text(const DiffReport& report, const TextStyle& style);

/// "real 5.057 → 5.657 s (+11.9 %)", user, sys and wait, as far as both have them: what the kernel
/// charged, or where that is not known or not what is looked at, what was sampled.
struct TotalChange {
  std::string name;
  std::string before;  ///< "5.057"
  std::string after;
  std::string unit;    ///< "s", or "".
  std::string change;  ///< "+11.9 %"; "" of too little.
  [[nodiscard]] std::string text() const;
};
[[nodiscard]] std::vector<TotalChange> total_changes(const DiffReport& report);

}  // namespace profiler::render
