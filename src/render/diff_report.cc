#include "render/diff_report.h"

#include <fmt/format.h>

#include "render/amount.h"
#include "render/printable.h"

namespace profiler::render {

std::vector<std::string> diff_notes(const DiffReport& report) {
  std::vector<std::string> notes;
  const view::DiffTotals& totals = report.diff->totals;
  const auto of_one = [&](bool before, std::string_view what) {
    const DiffReport::Side& side = before ? report.before : report.after;
    notes.push_back(fmt::format("{} {}", printable(side.path), what));
  };
  if (!report.same_event()) {
    notes.push_back(fmt::format("sampled by {} and by {}: only shares are compared",
                                printable(report.before.event->name),
                                printable(report.after.event->name)));
  }
  for (const bool before : {true, false}) {
    const DiffReport::Side& side = before ? report.before : report.after;
    const DiffReport::Side& other = before ? report.after : report.before;
    const view::Weight& all = before ? totals.before : totals.after;
    if (side.profile->run.interrupted)
      of_one(before, "was cut off or is damaged: this is what it held until then");
    if (report.waits_only) continue;
    if (all.samples == 0 && totals.has_waits()) {
      of_one(before, "has no samples on a CPU: only waits are compared");
    } else if (all.samples == 0) {
      of_one(before, report.selection.empty() ? "has no samples: nothing to compare"
                                              : "has no such samples: nothing to compare");
    } else if (all.samples < kFewSamples) {
      of_one(before, fmt::format("has only {} sample{}: counts instead of percentages", all.samples,
                                 all.samples == 1 ? "" : "s"));
    }
    if (!side.profile->run.kernel_sampled && other.profile->run.kernel_sampled)
      of_one(before, "has user mode only: time in the kernel is not compared with any");
    if (side.has_waits && !other.has_waits)
      of_one(before, "has waits and the other has none: they are not compared");
  }
  return notes;
}

}  // namespace profiler::render
