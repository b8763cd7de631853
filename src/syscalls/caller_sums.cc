#include "syscalls/caller_sums.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>

namespace profiler::syscalls {
namespace {

/// What is shared out is whole: rounding goes on to the next share, so that nothing is lost.
class Shares {
 public:
  Shares(std::uint64_t whole, double all) : whole_(static_cast<double>(whole)), all_(all) {}
  std::uint64_t next(double share) {
    if (all_ <= 0) return 0;
    seen_ += share;
    const auto until =
        static_cast<std::uint64_t>(std::llround(whole_ * std::min(1.0, seen_ / all_)));
    const std::uint64_t own = until - given_;
    given_ = until;
    return own;
  }

 private:
  double whole_;
  double all_;
  double seen_ = 0;
  std::uint64_t given_ = 0;
};

}  // namespace

void CallerSums::add(const CallKey& key, StackIndex stack, const SampledCall& call) {
  Sum& sum = sums_[{key, stack}];
  const auto period = static_cast<double>(period_ns_);
  ++sum.samples;
  sum.cpu_ns += call.cpu_ticks * period;
  sum.wall_ns += call.wall_ticks * period;
  if (call.cpu_ticks != 0) {
    sum.calls +=
        std::max(1.0, period / static_cast<double>(std::max<std::uint64_t>(1, call.cpu_ns)));
  }
}

std::vector<SyscallCallerRow> CallerSums::rows(const SyscallAccount& account) const {
  std::vector<SyscallCallerRow> callers;
  auto it = sums_.begin();
  while (it != sums_.end()) {
    const CallKey& key = std::get<CallKey>(it->first);
    const auto end = std::find_if(
        it, sums_.end(), [&](const auto& entry) { return std::get<CallKey>(entry.first) != key; });
    const std::optional<SyscallIndex> index = find_row(account, key);
    if (!index) {
      it = end;
      continue;
    }
    Sum all;
    for (auto entry = it; entry != end; ++entry) {
      all.calls += entry->second.calls;
      all.wall_ns += entry->second.wall_ns;
      all.cpu_ns += entry->second.cpu_ns;
    }
    // Seen by one of the two clocks only: that one tells about the other too.
    const bool by_cpu = all.cpu_ns > 0;
    const bool by_wall = all.wall_ns > 0;
    const SyscallRow& row = account.rows[*index];
    Shares calls(row.calls, by_cpu ? all.calls : all.wall_ns);
    Shares wall(row.wall_ns, by_wall ? all.wall_ns : all.cpu_ns);
    Shares cpu(row.cpu_ns, by_cpu ? all.cpu_ns : all.wall_ns);
    const std::size_t first = callers.size();
    for (; it != end; ++it) {
      const Sum& sum = it->second;
      callers.push_back({.row = *index,
                         .stack = std::get<StackIndex>(it->first),
                         .calls = calls.next(by_cpu ? sum.calls : sum.wall_ns),
                         .wall_ns = wall.next(by_wall ? sum.wall_ns : sum.cpu_ns),
                         .cpu_ns = cpu.next(by_cpu ? sum.cpu_ns : sum.wall_ns),
                         .samples = sum.samples});
    }
    std::ranges::stable_sort(callers.begin() + static_cast<std::ptrdiff_t>(first), callers.end(),
                             [](const SyscallCallerRow& a, const SyscallCallerRow& b) {
                               return std::tie(a.cpu_ns, a.wall_ns) > std::tie(b.cpu_ns, b.wall_ns);
                             });
  }
  return callers;
}

}  // namespace profiler::syscalls
