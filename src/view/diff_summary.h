// What a comparison comes to, before anything is scaled: by how much all of it changed as measured,
// and which function that lies in.
//
//   DiffSummary summary = summarize(diff, {});
//   if (summary.all.significant && summary.where) summary.where->what.label, summary.part
//
// It looks at one kind of time: that on the CPU, or where nothing else is compared, waits.
#pragma once

#include "view/diff.h"

namespace profiler::view {

struct DiffSummary {
  double before = 0;  ///< In nanoseconds or the event's unit.
  double after = 0;
  Change all;
  /// In which most of the change of the whole lies; null where no one function has it, or only
  /// those that call all the rest. A row of the Diff.
  const DiffRow* where = nullptr;
  bool with_callees = false;  ///< It, and what it called; else its own.
  Change there;               ///< Of its own, or of that.
  double part = 0;            ///< `there` of `all`.
};

/// `diff`: of functions. `of_waits`: of the time waited.
[[nodiscard]] DiffSummary summarize(const Diff& diff, bool of_waits);

/// The same totals, compared as measured.
[[nodiscard]] DiffTotals as_measured(DiffTotals totals);

}  // namespace profiler::view
