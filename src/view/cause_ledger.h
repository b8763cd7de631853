// Where sys time went: a row for each pair of cause and entry, with the user code behind it.
//
//   for (const CauseRow& row : cause_ledger(profile, samples))
//     row.label, row.weight.sys, row.callers[0].function, row.callers[0].line
//
// The rows add up to all sys of the samples, and the callers of a row to the row.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "profiler/profile.h"
#include "view/call_site.h"
#include "view/table.h"
#include "view/weight.h"

namespace profiler::view {

struct CauseCaller : CallSite {
  std::uint64_t sys = 0;
  std::uint64_t samples = 0;
};

struct CauseRow {
  KernelEntryKind kind = KernelEntryKind::kOther;  ///< The cause: the innermost boundary.
  std::string name;
  KernelEntryKind entry_kind = KernelEntryKind::kOther;  ///< The entry: the outermost.
  std::string entry_name;
  Weight weight;                     ///< user is 0.
  std::vector<CauseCaller> callers;  ///< Heaviest first.

  /// Whether the cause happened inside another entry: a fault in a call, an interrupt of one.
  [[nodiscard]] bool nested() const { return kind != entry_kind || name != entry_name; }
};

/// Heaviest first. User samples are passed over.
[[nodiscard]] std::vector<CauseRow> cause_ledger(const Profile& profile,
                                                 const std::vector<const Sample*>& samples);

/// By sys, heaviest first; kName by name; kSamples by their number.
void sort_causes(std::vector<CauseRow>& rows, SortKey key);

/// "read", "page fault (anonymous)", "irq apic_timer_interrupt", "scheduler".
[[nodiscard]] std::string cause_label(KernelEntryKind kind, const std::string& name);

}  // namespace profiler::view
