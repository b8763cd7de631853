#include "syscalls/long_calls.h"

#include <algorithm>
#include <iterator>

namespace profiler::syscalls {
namespace {

// Samples come this late at most.
constexpr std::uint64_t kKeptNs = 2'000'000'000;
// Of one return, what two events say. The next call of a thread cannot have ended by then.
constexpr std::uint64_t kSameReturnNs = 1'000;

}  // namespace

void LongCalls::add(Tid tid, const CallKey& key, std::uint64_t end_ns, const FinishedCall& call) {
  of_thread_[tid].push_back({.key = key, .end_ns = end_ns, .call = call});
  Sum& sum = sums_[key];
  ++sum.calls;
  sum.wall_ns += call.wall_ns;
  sum.cpu_ns += call.cpu_ns;
  if (end_ns >= tidied_ns_ + kKeptNs / 4) {
    tidied_ns_ = end_ns;
    forget(end_ns - std::min(end_ns, kKeptNs));
  }
}

void LongCalls::forget(std::uint64_t before_ns) {
  for (auto thread = of_thread_.begin(); thread != of_thread_.end();) {
    std::deque<Call>& calls = thread->second;
    while (!calls.empty() && calls.front().end_ns < before_ns) calls.pop_front();
    thread = calls.empty() ? of_thread_.erase(thread) : std::next(thread);
  }
}

std::optional<FinishedCall> LongCalls::find(Tid tid, const CallKey& key,
                                            std::uint64_t time_ns) const {
  const auto thread = of_thread_.find(tid);
  if (thread == of_thread_.end()) return std::nullopt;
  const std::deque<Call>& calls = thread->second;
  const auto after = std::ranges::upper_bound(calls, time_ns + kSameReturnNs, {}, &Call::end_ns);
  if (after == calls.begin()) return std::nullopt;
  const Call& call = *std::prev(after);
  if (call.end_ns + kSameReturnNs < time_ns || call.key != key) return std::nullopt;
  return call.call;
}

FinishedCall LongCalls::typical_short(const SyscallRow& row) const {
  const auto known = sums_.find({.group = row.group_id, .number = row.number, .abi = row.abi});
  const Sum sum = known == sums_.end() ? Sum{} : known->second;
  if (row.calls <= sum.calls) return {};
  const std::uint64_t calls = row.calls - sum.calls;
  return {.wall_ns = (row.wall_ns - std::min(row.wall_ns, sum.wall_ns)) / calls,
          .cpu_ns = (row.cpu_ns - std::min(row.cpu_ns, sum.cpu_ns)) / calls};
}

}  // namespace profiler::syscalls
