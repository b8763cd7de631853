#include "syscalls/caller_sums.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <ranges>

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

using Sums = std::map<std::tuple<CallKey, StackIndex>, CallerSum>;

/// The figures of one row of the account, to all that call it.
void share_out(const std::ranges::subrange<Sums::const_iterator>& sums, SyscallIndex index,
               const SyscallAccount& account, std::vector<SyscallCallerRow>& callers) {
  CallerSum all;
  for (const auto& [key, sum] : sums) {
    all.calls += sum.calls;
    all.wall_ns += sum.wall_ns;
    all.cpu_ns += sum.cpu_ns;
  }
  // Seen off the CPU only: that tells about the time on it too.
  const bool by_cpu = all.cpu_ns > 0;
  const SyscallRow& row = account.rows[index];
  Shares calls(row.calls, all.calls);
  Shares wall(row.wall_ns, all.wall_ns);
  Shares cpu(row.cpu_ns, by_cpu ? all.cpu_ns : all.wall_ns);
  const std::size_t first = callers.size();
  for (const auto& [key, sum] : sums) {
    callers.push_back({.row = index,
                       .stack = std::get<StackIndex>(key),
                       .calls = calls.next(sum.calls),
                       .wall_ns = wall.next(sum.wall_ns),
                       .cpu_ns = cpu.next(by_cpu ? sum.cpu_ns : sum.wall_ns),
                       .samples = sum.samples});
  }
  std::ranges::stable_sort(callers.begin() + static_cast<std::ptrdiff_t>(first), callers.end(),
                           [](const SyscallCallerRow& a, const SyscallCallerRow& b) {
                             return std::tie(a.cpu_ns, a.wall_ns) > std::tie(b.cpu_ns, b.wall_ns);
                           });
}

}  // namespace

void CallerSums::add(const CallKey& key, StackIndex stack, const SampledCall& call) {
  CallerSum& sum = sums_[{key, stack}];
  if (call.of_calls != 0) {
    const auto calls = static_cast<double>(call.of_calls);
    ++sum.samples;
    sum.calls += calls;
    sum.wall_ns += calls * static_cast<double>(call.wall_ns);
    sum.cpu_ns += calls * static_cast<double>(call.cpu_ns);
    return;
  }
  const auto period = static_cast<double>(period_ns_);
  const double cpu_ns = call.cpu_ticks * period;
  ++sum.samples;
  sum.cpu_ns += cpu_ns;
  sum.wall_ns += cpu_ns + call.off_ticks * period;
  // It stands for as many as it was unlikely to be the one.
  const auto missed = [&](std::uint64_t ns) {
    return 1 - std::min(1.0, static_cast<double>(ns) / period);
  };
  const std::uint64_t off_ns = call.wall_ns - std::min(call.wall_ns, call.cpu_ns);
  const double chance = 1 - missed(call.cpu_ns) * missed(off_ns);
  if (chance > 0) sum.calls += 1 / chance;
}

std::vector<SyscallCallerRow> CallerSums::rows(const SyscallAccount& account) const {
  std::vector<SyscallCallerRow> callers;
  for (auto it = sums_.begin(); it != sums_.end();) {
    const auto& key = std::get<CallKey>(it->first);
    const auto end = std::find_if(
        it, sums_.end(), [&](const auto& entry) { return std::get<CallKey>(entry.first) != key; });
    if (const auto row = find_row(account, key)) share_out({it, end}, *row, account, callers);
    it = end;
  }
  return callers;
}

}  // namespace profiler::syscalls
