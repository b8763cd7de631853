// Who ended the waits: pairs of where a thread waited and what woke it, where that was recorded.
//
//   for (const WakerRow& row : waker_ledger(profile, {}))
//     row.waiter.function, row.waker.function, row.wait
//
// Only waits of which a stack was taken, and whose waker is known, are in it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "profiler/profile.h"
#include "view/call_site.h"
#include "view/filter.h"

namespace profiler::view {

struct WakerRow {
  WaitClass wait_class = WaitClass::kNone;
  CallSite waiter;
  /// Without a function where no user code was behind it, or none of the target's: that which an
  /// interrupt came upon did not end the wait.
  CallSite waker;
  /// How it came into the kernel: "<syscall write>", "<irq apic_timer_interrupt>".
  std::string via;
  std::uint64_t wait = 0;   ///< ns
  std::uint64_t waits = 0;  ///< How many.
};

/// Heaviest first. Of the filter, process, thread, time and class count.
[[nodiscard]] std::vector<WakerRow> waker_ledger(const Profile& profile, const Filter& filter);

}  // namespace profiler::view
