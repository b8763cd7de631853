// The calls of late that took long, so that one whose return was sampled elsewhere can be found
// again and have its times; of the short ones, what they take on average.
//
//   LongCalls calls;
//   calls.add(tid, key, end_ns, {.wall_ns = …, .cpu_ns = …});
//   calls.find(tid, key, end_ns + 300);               // that one
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <unordered_map>

#include "profiler/event.h"
#include "profiler/syscall_account.h"
#include "syscalls/call_totals.h"

namespace profiler::syscalls {

class LongCalls {
 public:
  /// Shorter ones are not to be added.
  static constexpr std::uint64_t kLongNs = 20'000;

  void add(Tid tid, const CallKey& key, std::uint64_t end_ns, const FinishedCall& call);
  /// The one that was on its return at that time: it ended then, or just before.
  [[nodiscard]] std::optional<FinishedCall> find(Tid tid, const CallKey& key,
                                                 std::uint64_t time_ns) const;
  /// A short one: what is left of the row's sums without those added here, divided by their number.
  [[nodiscard]] FinishedCall typical_short(const SyscallRow& row) const;

 private:
  struct Call {
    CallKey key;
    std::uint64_t end_ns = 0;
    FinishedCall call;
  };
  struct Sum {
    std::uint64_t calls = 0;
    std::uint64_t wall_ns = 0;
    std::uint64_t cpu_ns = 0;
  };
  void forget(std::uint64_t before_ns);

  std::unordered_map<Tid, std::deque<Call>> of_thread_;  // Oldest first.
  std::map<CallKey, Sum> sums_;
  std::uint64_t tidied_ns_ = 0;
};

}  // namespace profiler::syscalls
