// Shows text in the user's pager ($PAGER, else `less -FRX`).
//
//   if (auto shown = page(text, pager_command()); !shown) …   // no pager: print it plainly
//
// Quitting the pager before the end is no error.
#pragma once

#include <string>
#include <string_view>

#include "profiler/error.h"

namespace profiler::cli {

/// The shell command to page with: $PROFILER_PAGER, $PAGER, `less -FRX`; "" for none ("cat", "").
[[nodiscard]] std::string pager_command();

/// Runs `command` through sh with `text` as its standard input and waits for its end. True if it
/// took the text; false if it could not be started (status 126 or 127), with nothing shown.
[[nodiscard]] Result<bool> page(std::string_view text, const std::string& command);

}  // namespace profiler::cli
