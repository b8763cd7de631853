// Two recordings compared: what each function, module or cause cost before and after, and which of
// the differences are more than chance.
//
//   const JoinedProfile joined = join_profiles(old_side, new_side);
//   Diff diff = compare_functions(joined, {.normalize = Normalize::kCpuTime});
//   sort_diff(diff, DiffKey::kTotal);
//   for (const DiffRow& row : diff.rows)
//     if (row.significant()) row.what.label, row.total.cpu.delta, row.total.cpu.noise
//
// diff_totals.h says how two weights are compared. All quantities that are tested, of rows and
// causes, share in the 5 % by which chance may be taken for change.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "profiler/profile.h"
#include "view/cause_ledger.h"
#include "view/diff_profile.h"
#include "view/diff_totals.h"
#include "view/function_table.h"
#include "view/group_table.h"
#include "view/table.h"
#include "view/weight.h"

namespace profiler::view {

struct WeightChange {
  Change cpu;
  Change wait;
  [[nodiscard]] bool significant() const { return cpu.significant || wait.significant; }
};

struct DiffRow {
  TableRow what;  ///< As after; as before where it is gone. Its charge is that after.
  Charge before;
  WeightChange self;
  WeightChange total;

  [[nodiscard]] const Charge& after() const { return what.charge; }
  [[nodiscard]] bool is_new() const { return before.total.empty(); }
  [[nodiscard]] bool is_gone() const { return after().total.empty(); }
  [[nodiscard]] bool significant() const { return self.significant() || total.significant(); }
};

struct DiffCause {
  CauseRow what;  ///< Without callers. Its weight is that after.
  Weight before;
  Change sys;
};

struct Diff {
  DiffTotals totals;
  std::size_t tests = 0;  ///< How many quantities were tested,
  double critical = 0;    ///< and how many standard deviations are chance therefore.
  std::vector<DiffRow> rows;
  std::vector<DiffCause> causes;
};

[[nodiscard]] Diff compare_functions(const JoinedProfile& joined, const DiffOptions& options);
[[nodiscard]] Diff compare_groups(const JoinedProfile& joined, GroupBy by,
                                  const DiffOptions& options);
/// Causes only.
[[nodiscard]] Diff compare_causes(const JoinedProfile& joined, const DiffOptions& options);

enum class DiffKey : std::uint8_t { kTotal, kSelf, kUser, kSys, kWait, kName };

/// Whether it is reported as change where rows are sorted so: by self, only what changed itself.
[[nodiscard]] bool is_reported(const DiffRow& row, DiffKey key);

/// What is reported first, then by how much they changed, up or down; kName: by name. Causes by
/// sys.
void sort_diff(Diff& diff, DiffKey key);

}  // namespace profiler::view
