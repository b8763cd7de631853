// What every form of a comparison is made from: two recordings, and what view/diff.h says of them.
//
//   DiffReport report{.before = {"old.data", &old, &old_event}, .after = …, .diff = &diff};
//   out = diff_text(report, {.limit = 40}, style);         // diff_text.h
//   out = diff_json(report);                               // diff_json.h
#pragma once

#include <string>
#include <vector>

#include "profiler/profile.h"
#include "render/report.h"
#include "view/diff.h"

namespace profiler::render {

/// Everything it points to outlives it.
struct DiffReport {
  struct Side {
    std::string path = {};
    const Profile* profile = nullptr;
    const EventInfo* event = nullptr;
    bool has_waits = false;
  };
  Side before;
  Side after;
  const view::Diff* diff = nullptr;
  RowsOf rows = RowsOf::kFunctions;
  bool causes_only = false;    ///< There are no rows.
  bool grouped = false;        ///< Rows of another kind than functions were asked for.
  bool waits_only = false;     ///< Nothing but waits was selected.
  std::string selection = {};  ///< The filter in words, "" if everything is compared.

  /// Seconds of one event are no seconds of another: only shares are compared.
  [[nodiscard]] bool same_event() const { return before.event->name == after.event->name; }
};

/// What the user should know before he believes the numbers: one line each.
[[nodiscard]] std::vector<std::string> diff_notes(const DiffReport& report);

}  // namespace profiler::render
