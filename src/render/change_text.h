// Differences as people read them: with their sign, in points of percent or in seconds.
//
//   points(0.0312);                      // "+3.1"
//   signed_amount(format, -412e6);       // "-0.412"
//   change_colour(change);               // Colour::kSlower
#pragma once

#include <cstdint>
#include <string>

#include "render/amount.h"
#include "render/text_line.h"
#include "view/diff_totals.h"

namespace profiler::render {

/// Of a difference of two shares, 0 to 1 each: "+3.1", "-0.1", "0.0".
[[nodiscard]] std::string points(double share);

/// `delta` in the format's unit, without it; "0" for what would be rounded to nothing.
[[nodiscard]] std::string signed_amount(const AmountFormat& format, double delta);

/// "+11.9 %", "× 12.3" from ten times on; "–" where there was nothing before.
[[nodiscard]] std::string relative_change(double before, double after);

/// What is beyond chance is coloured, what is not is faint.
[[nodiscard]] Colour change_colour(const view::Change& change);

}  // namespace profiler::render
