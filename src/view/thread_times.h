// What each thread did with its life, and how the scheduler treated it: exact, from context
// switches.
//
//   add_thread_times(profile, filter, rows);           // rows of group_table(…, GroupBy::kThread)
//   rows[0].times->on_cpu_ns, rows[0].times->p99_delay_ns
//
// How much of the time on the CPU was user and how much sys is the one thing that samples say of
// it.
#pragma once

#include <cstdint>

#include "profiler/profile.h"
#include "view/filter.h"
#include "view/table.h"

namespace profiler::view {

/// Puts times into the rows of threads, and adds rows of threads that were in no sample and never
/// waited. Does nothing where the filter chooses parts of threads, or nothing was recorded.
void add_thread_times(const Profile& profile, const Filter& filter, Table& rows);

/// Threads that schedules tell of, whatever their names; and how long they waited all together.
struct WaitTotals {
  std::uint64_t threads = 0;
  std::uint64_t wait_ns = 0;  ///< Blocked and runnable.
  std::uint64_t unknown_ns = 0;
};
[[nodiscard]] WaitTotals wait_totals(const Profile& profile);

/// How many waits there were, and of how many a stack was taken.
struct WaitCounts {
  std::uint64_t waits = 0;
  std::uint64_t stacks = 0;
};
[[nodiscard]] WaitCounts wait_counts(const Profile& profile);

}  // namespace profiler::view
