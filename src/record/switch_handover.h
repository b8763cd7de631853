// From whom the worker takes context switches when BPF takes over from the kernel's own records of
// them: each switch from one of the two, though both tell it for a while, at times that differ.
//
//   handover.begin(when);                               // from any thread; `when` is to come
//   if (handover.is_told_twice(by_bpf, event)) return;  // in order of time
//
//   BPF:     ──a──b──┃──c──d──e──      taken from there on
//   kernel:  ───a──b─┃───c──d──e─      the same switches, a little later; until there, and beyond
//                    when              those that BPF told before it (here none)
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <set>
#include <utility>
#include <variant>

#include "profiler/event.h"

namespace profiler::record {

class SwitchHandover {
 public:
  /// How much later the kernel tells of a switch than BPF does, at most.
  static constexpr std::uint64_t kLateNs = 20'000'000;

  void begin(std::uint64_t when_ns) { when_ns_.store(when_ns, std::memory_order_release); }

  /// Of a switch, or of the loss of some.
  [[nodiscard]] bool is_told_twice(bool by_bpf, const Event& event) {
    const std::uint64_t when = when_ns_.load(std::memory_order_acquire);
    const auto* switched = std::get_if<SwitchEvent>(&event);
    const std::uint64_t time_ns =
        std::visit([](const auto& any) { return any.context.time_ns; }, event);
    if (time_ns < when) return by_bpf;
    if (switched == nullptr || time_ns - when > kLateNs) return !by_bpf;
    const std::pair<Tid, bool> what(switched->context.tid, switched->out);
    if (!by_bpf) return told_by_bpf_.contains(what);
    told_by_bpf_.insert(what);
    return false;
  }

 private:
  std::atomic<std::uint64_t> when_ns_ = std::numeric_limits<std::uint64_t>::max();
  std::set<std::pair<Tid, bool>> told_by_bpf_;  // Of the first kLateNs: left or entered a CPU.
};

}  // namespace profiler::record
