// Two recordings compared, for people: what changed by more than chance, largest change first.
//
//   std::string text = diff_text(report, {.key = view::DiffKey::kSelf, .limit = 40}, style);
//
// Seconds are as measured, before and after; then come both shares, the change (of the share, in
// points of percent; of seconds where those are compared) and what of it may be chance. Slower is
// red and +, faster is green and -.
#pragma once

#include <cstddef>
#include <string>

#include "render/diff_report.h"
#include "render/text_line.h"
#include "view/diff.h"

namespace profiler::render {

struct DiffTextOptions {
  view::DiffKey key =
      view::DiffKey::kTotal;  ///< What the rows are sorted by; its columns are there.
  std::size_t limit = 40;     ///< Rows of a table; 0: all.
  bool all = false;           ///< What may be chance too.
};

[[nodiscard]] std::string diff_text(const DiffReport& report, const DiffTextOptions& options,
                                    const TextStyle& style);

}  // namespace profiler::render
