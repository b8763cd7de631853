// Waits as samples of Mode::kWait, so that every table and tree takes them like time on the CPU.
//
//   std::vector<Sample> waits = wait_samples(profile);
//   waits[0].weight, waits[0].waits, waits[0].wait         // ns, how many, for what
//
// A wait of which a stack was taken is one sample. The time of the others is charged by proportion:
// to the stacks that were taken of waits of about the same length (a power of two) of the same
// thread, else of the same process, else of waits of half or double the length, and where it waited
// for a CPU, of any. What none of that explains has no stack: its class is kNotSampled, or
// kRunnable where that much is known. The weights add up to those of the waits to the nanosecond,
// and so do the numbers.
#pragma once

#include <vector>

#include "profiler/profile.h"

namespace profiler::view {

/// Those with a stack of their own first, in the order of Profile::waits. Times are when each (of
/// an estimate: the first of those it stands for) began.
[[nodiscard]] std::vector<Sample> wait_samples(const Profile& profile);

/// What a thread that left its CPU there waited for. `stack`: none: not sampled. `runnable`: it
/// could have gone on; the switch knows that better than the kernel chain, which may say so of
/// others.
[[nodiscard]] WaitClass wait_class(const Profile& profile, StackIndex stack, bool runnable);

/// Whether waiting was recorded, and can stand beside an event of that kind: seconds beside
/// seconds.
[[nodiscard]] bool shows_waiting(const Profile& profile, const EventInfo& event);

}  // namespace profiler::view
