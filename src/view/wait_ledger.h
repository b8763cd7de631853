// What threads waited for: a row for each class, with the user code behind it.
//
//   for (const WaitRow& row : wait_ledger(profile, samples))
//     row.wait, row.weight.wait, row.callers[0].function, row.callers[0].line
//
// The rows add up to all waits of the samples, and the callers of a row to the row.
//
// A pool of threads that have nothing to do waits longer than all others together, and that says
// little: idle_threads() finds them, and samples_without() leaves their waits out.
#pragma once

#include <cstdint>
#include <vector>

#include "profiler/profile.h"
#include "view/call_site.h"
#include "view/table.h"
#include "view/weight.h"

namespace profiler::view {

struct WaitCaller : CallSite {
  std::uint64_t wait = 0;
  std::uint64_t waits = 0;
};

struct WaitRow {
  WaitClass wait = WaitClass::kNone;
  Weight weight;                    ///< wait and waits only.
  std::uint64_t threads = 0;        ///< That waited so.
  std::vector<WaitCaller> callers;  ///< Heaviest first.
};

/// Heaviest first. Samples that are no waits are passed over.
[[nodiscard]] std::vector<WaitRow> wait_ledger(const Profile& profile,
                                               const std::vector<const Sample*>& samples);

/// By wait, heaviest first; kName by name; kSamples by their number.
void sort_waits(std::vector<WaitRow>& rows, SortKey key);

/// Threads that did nothing but wait, all at the same place.
struct IdleThreads {
  CallSite caller;
  Weight weight;  ///< All their waiting.
  std::uint64_t threads = 0;
  std::vector<ThreadIndex> rows;  ///< Of Profile::threads: a thread has one for each of its names.
};

/// A thread is idle if it is not its process's main thread, was on a CPU for less than 1 % of its
/// life, and more than 99 % of its waiting was in one caller. Heaviest first.
[[nodiscard]] std::vector<IdleThreads> idle_threads(const Profile& profile,
                                                    const std::vector<const Sample*>& samples);

/// The samples but for the waits of those threads.
[[nodiscard]] std::vector<const Sample*> samples_without(const std::vector<const Sample*>& samples,
                                                         const std::vector<IdleThreads>& idle);

}  // namespace profiler::view
