#include "view/overview.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include "view/function_table.h"

namespace profiler::view {

Weight sum(const std::vector<const Sample*>& samples) {
  Weight weight;
  for (const Sample* sample : samples) weight.add(*sample);
  return weight;
}

namespace {

void add_callers(std::vector<CauseCaller>& to, const std::vector<CauseCaller>& from) {
  for (const CauseCaller& caller : from) {
    const auto same = std::ranges::find_if(to, [&](const CauseCaller& known) {
      return static_cast<const CallSite&>(known) == static_cast<const CallSite&>(caller);
    });
    if (same == to.end()) {
      to.push_back(caller);
    } else {
      same->sys += caller.sys;
      same->samples += caller.samples;
    }
  }
  std::ranges::stable_sort(to, std::ranges::greater(), &CauseCaller::sys);
}

/// All page faults from user mode as one row. Their kinds are parts of one cause, and a fault is
/// often sampled before the kernel has found out which kind it is.
std::vector<CauseRow> with_faults_together(const std::vector<CauseRow>& rows) {
  std::vector<CauseRow> merged;
  std::optional<std::size_t> faults;
  for (const CauseRow& row : rows) {
    const bool is_fault = row.kind == KernelEntryKind::kFault && !row.nested();
    if (is_fault && faults) {
      merged[*faults].weight += row.weight;
      add_callers(merged[*faults].callers, row.callers);
      continue;
    }
    merged.push_back(row);
    if (!is_fault) continue;
    faults = merged.size() - 1;
    merged.back().name.clear();
    merged.back().entry_name.clear();
  }
  sort_causes(merged, SortKey::kSys);
  return merged;
}

/// By time on the CPU; of a program that hardly used any, by all of its time.
Table functions_of(const Profile& profile, const std::vector<const Sample*>& samples) {
  constexpr std::uint64_t kFewSamples = 30;
  Table table = function_table(profile, samples, {});
  if (sum(samples).samples < kFewSamples) {
    std::ranges::stable_sort(table, std::ranges::greater(),
                             [](const TableRow& row) { return row.charge.total.wall(); });
  }
  return table;
}

}  // namespace

Overview overview(const Profile& profile, const std::vector<const Sample*>& samples) {
  std::vector<IdleThreads> idle = idle_threads(profile, samples);
  const std::vector<const Sample*> busy = samples_without(samples, idle);
  return {.sampled = sum(samples),
          .has_waits = profile.run.wait_coverage != WaitCoverage::kNone,
          .waited = wait_totals(profile),
          .waits = wait_ledger(profile, busy),
          .idle = std::move(idle),
          .quality = quality(profile, samples),
          .causes = with_faults_together(cause_ledger(profile, samples)),
          .functions = functions_of(profile, busy),
          .advice = advice(profile, samples),
          .events = event_list(profile)};
}

}  // namespace profiler::view
