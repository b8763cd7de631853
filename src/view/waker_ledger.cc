#include "view/waker_ledger.h"

#include <algorithm>
#include <functional>
#include <map>
#include <tuple>
#include <utility>

#include "view/call_path.h"
#include "view/wait_samples.h"

namespace profiler::view {
namespace {

/// A timer that expired, or a device that was ready, whatever ran then. A softirq inside a call may
/// be the call's own work: what it sends to its own machine arrives there.
bool is_interrupt(const Cause& cause) {
  return cause.cause.kind == KernelEntryKind::kIrq || cause.entry.kind == KernelEntryKind::kIrq ||
         cause.entry.kind == KernelEntryKind::kSoftirq;
}

void describe_waker(const Profile& profile, const Stack& stack, WakerRow& row) {
  PathEntry way = folded_kernel(profile, stack);
  const Cause cause = stack.cause ? profile.causes[stack.cause] : Cause{};
  if (is_interrupt(cause)) {
    way.entry = cause.cause;
  } else {
    row.waker = call_site(profile, stack.user);
  }
  row.via = label(profile, way);
}

}  // namespace

std::vector<WakerRow> waker_ledger(const Profile& profile, const Filter& filter) {
  const std::vector<bool> threads = matching_threads(profile, filter);
  // Many waits share their stacks, and sites are dear to look for.
  std::map<std::tuple<StackIndex, StackIndex, WaitClass>, std::pair<std::uint64_t, std::uint64_t>>
      pairs;
  for (const Wait& wait : profile.waits) {
    if (!wait.waker || !wait.stack || !threads[wait.thread.row()]) continue;
    if (wait.time_ns < filter.from_ns || wait.time_ns >= filter.until_ns) continue;
    const WaitClass what = wait_class(profile, wait.stack, wait.runnable);
    if (filter.wait != WaitClass::kNone && filter.wait != what) continue;
    auto& [ns, count] = pairs[{wait.stack, wait.waker, what}];
    ns += wait.ns;
    count += wait.count;
  }
  std::map<std::tuple<WaitClass, CallSite, CallSite, std::string>, WakerRow> rows;
  for (const auto& [key, sum] : pairs) {
    const auto& [stack, waker, what] = key;
    WakerRow row;
    row.wait_class = what;
    row.waiter = call_site(profile, profile.stacks[stack].user);
    describe_waker(profile, profile.stacks[waker], row);
    WakerRow& known =
        rows.try_emplace({row.wait_class, row.waiter, row.waker, row.via}, row).first->second;
    known.wait += sum.first;
    known.waits += sum.second;
  }
  std::vector<WakerRow> sorted;
  sorted.reserve(rows.size());
  for (auto& [key, row] : rows) sorted.push_back(std::move(row));
  std::ranges::stable_sort(sorted, std::greater{}, &WakerRow::wait);
  return sorted;
}

}  // namespace profiler::view
