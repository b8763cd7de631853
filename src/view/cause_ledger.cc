#include "view/cause_ledger.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "view/stack_weights.h"

namespace profiler::view {
namespace {

using CauseKey = std::tuple<KernelEntryKind, std::string, KernelEntryKind, std::string>;

}  // namespace

std::vector<CauseRow> cause_ledger(const Profile& profile,
                                   const std::vector<const Sample*>& samples) {
  struct Sum {
    Weight weight;
    std::map<CallSite, CauseCaller> callers;
  };
  std::map<CauseKey, Sum> sums;
  // Many stacks share a user part.
  std::map<NodeIndex, CallSite> callers;
  for (const StackWeight& s : stack_weights(profile, samples)) {
    if (s.weight.sys == 0) continue;
    Weight sys = s.weight;
    sys.user = 0;
    const Cause cause = s.stack.cause ? profile.causes[s.stack.cause] : Cause{};
    Sum& sum = sums[{cause.cause.kind, profile.text(cause.cause.name), cause.entry.kind,
                     profile.text(cause.entry.name)}];
    sum.weight += sys;

    const auto [known, is_new] = callers.try_emplace(s.stack.user);
    if (is_new) known->second = call_site(profile, s.stack.user);
    CauseCaller& row = sum.callers[known->second];
    row.sys += sys.sys;
    row.samples += sys.samples;
  }

  std::vector<CauseRow> rows;
  for (auto& [key, sum] : sums) {
    CauseRow row;
    std::tie(row.kind, row.name, row.entry_kind, row.entry_name) = key;
    row.weight = sum.weight;
    for (auto& [site, caller] : sum.callers) {
      static_cast<CallSite&>(caller) = site;
      row.callers.push_back(std::move(caller));
    }
    std::ranges::stable_sort(row.callers, std::greater{}, &CauseCaller::sys);
    rows.push_back(std::move(row));
  }
  std::ranges::stable_sort(rows, std::greater{},
                           [](const CauseRow& row) { return row.weight.sys; });
  return rows;
}

void sort_causes(std::vector<CauseRow>& rows, SortKey key) {
  std::ranges::stable_sort(rows, [key](const CauseRow& a, const CauseRow& b) {
    if (key == SortKey::kName) {
      return std::pair(cause_label(a.kind, a.name), cause_label(a.entry_kind, a.entry_name)) <
             std::pair(cause_label(b.kind, b.name), cause_label(b.entry_kind, b.entry_name));
    }
    if (key == SortKey::kSamples) return a.weight.samples > b.weight.samples;
    return a.weight.sys > b.weight.sys;
  });
}

std::string cause_label(KernelEntryKind kind, const std::string& name) {
  switch (kind) {
    case KernelEntryKind::kSyscall:
      return name.empty() ? "system call" : name;
    case KernelEntryKind::kFault:
      return name.empty() ? "page fault" : "page fault (" + name + ")";
    default:
      return std::string(profiler::name(kind)) + (name.empty() ? "" : " " + name);
  }
}

}  // namespace profiler::view
