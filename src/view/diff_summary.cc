#include "view/diff_summary.h"

#include <cmath>

#include "view/diff_noise.h"

namespace profiler::view {
namespace {

/// A function has most of a change if it has so much of it …
constexpr double kMost = 0.5;
/// … and what it calls is named for it where it alone has less than this.
constexpr double kNearlyAll = 0.8;
/// What has so much of the whole in both recordings calls all the rest: that the change lies in it
/// says nothing.
constexpr double kWhole = 0.9;

class Summary {
 public:
  Summary(const Diff& diff, bool of_waits)
      : diff_(diff), totals_(as_measured(diff.totals)), of_waits_(of_waits) {}

  DiffSummary make() {
    DiffSummary summary;
    summary.before = value(totals_.before);
    summary.after = value(totals_.after);
    const double critical = critical_value(1);
    summary.all = of_waits_ ? compare_wait(totals_, critical, totals_.before, totals_.after,
                                           totals_.wait_squares_before, totals_.wait_squares_after)
                            : compare_cpu(totals_, critical, totals_.before, totals_.after);
    if (!summary.all.significant) return summary;
    find(summary, false);
    if (summary.part < kNearlyAll) find(summary, true);
    return summary;
  }

 private:
  [[nodiscard]] double value(const Weight& weight) const {
    return static_cast<double>(of_waits_ ? weight.wait : weight.all());
  }

  [[nodiscard]] Change change(const DiffRow& row, bool total) const {
    // Waits are compared as measured always.
    if (of_waits_) return total ? row.total.wait : row.self.wait;
    return total ? compare_cpu(totals_, diff_.critical, row.before.total, row.after().total)
                 : compare_cpu(totals_, diff_.critical, row.before.self, row.after().self);
  }

  [[nodiscard]] bool calls_all(const DiffRow& row) const {
    return value(row.before.total) >= kWhole * value(totals_.before) &&
           value(row.after().total) >= kWhole * value(totals_.after);
  }

  /// Of its own: whoever has most. With callees: the smallest of those that have nearly all.
  void find(DiffSummary& summary, bool with_callees) const {
    for (const DiffRow& row : diff_.rows) {
      const Change there = change(row, with_callees);
      const double part = there.delta / summary.all.delta;
      if (!there.significant || part < kMost) continue;
      if (with_callees) {
        if (part < kNearlyAll || calls_all(row)) continue;
        const bool is_better =
            summary.where == nullptr || !summary.with_callees || size(row) < size(*summary.where);
        if (!is_better) continue;
      } else if (summary.where != nullptr && part <= summary.part) {
        continue;
      }
      summary.where = &row;
      summary.with_callees = with_callees;
      summary.there = there;
      summary.part = part;
    }
  }
  [[nodiscard]] double size(const DiffRow& row) const {
    return value(row.before.total) + value(row.after().total);
  }

  const Diff& diff_;
  DiffTotals totals_;
  bool of_waits_;
};

}  // namespace

DiffTotals as_measured(DiffTotals totals) {
  totals.normalize = Normalize::kNone;
  totals.scale = 1;
  return totals;
}

DiffSummary summarize(const Diff& diff, bool of_waits) { return Summary(diff, of_waits).make(); }

}  // namespace profiler::view
