// Two recordings compared: what each function, module or cause cost before and after, and which of
// the differences are more than chance.
//
//   const JoinedProfile joined = join_profiles(old_side, new_side);
//   Diff diff = compare_functions(joined, {.normalize = Normalize::kCpuTime});
//   sort_diff(diff, DiffKey::kTotal);
//   for (const DiffRow& row : diff.rows)
//     if (row.significant()) row.what.label, row.total.cpu.delta, row.total.cpu.noise
//
// Time on the CPU is compared in shares: that before is scaled to as much CPU time as there is
// after; or as measured. Waits are compared as measured always: what a thread waits does not grow
// with what others compute. Chance is what diff_noise.h says; all quantities that are tested, of rows
// and causes, share in its 5 %.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "profiler/profile.h"
#include "view/cause_ledger.h"
#include "view/diff_profile.h"
#include "view/function_table.h"
#include "view/group_table.h"
#include "view/table.h"
#include "view/weight.h"

namespace profiler::view {

enum class Normalize : std::uint8_t {
  kCpuTime,  ///< Shares of CPU time.
  kNone,     ///< Seconds, or what else was counted.
};

struct DiffOptions {
  Normalize normalize = Normalize::kCpuTime;
  bool kernel_frames = false;
  bool waits = false;  ///< Both recordings have waits to show.
};

/// One quantity, in nanoseconds or the event's unit.
struct Change {
  double delta = 0;          ///< After, less what is compared with it.
  double noise = 0;          ///< So much, up or down, may be chance.
  bool significant = false;  ///< Beyond that.
};

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

struct DiffTotals {
  Weight before;
  Weight after;
  double effective_before = 0;  ///< Samples (effective_samples()).
  double effective_after = 0;
  double scale = 1;  ///< CPU time before times this is compared.
  bool waits = false;

  /// There is something to compare.
  [[nodiscard]] bool comparable() const {
    return (before.all() != 0 && after.all() != 0) || (waits && before.wait != 0 && after.wait != 0);
  }
};

struct Diff {
  DiffTotals totals;
  Normalize normalize = Normalize::kCpuTime;
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

/// Significant rows first, then by how much they changed, up or down; kName: by name. Causes by sys.
void sort_diff(Diff& diff, DiffKey key);

/// What is compared of a weight: before scaled, after less that.
[[nodiscard]] double cpu_delta(const DiffTotals& totals, std::uint64_t before, std::uint64_t after);

}  // namespace profiler::view
