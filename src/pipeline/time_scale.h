// Cycles to time: one factor a run, so that a recording of hardware cycles reads in seconds as one
// of a clock does.
//
//   set_time_scale(run, sum_of_weights, samples);   // when the recording has ended
//   apply_time_scale(profile);                      // when a profile is to be looked at
//
// A CPU's frequency changes, so a cycle stands for more time in one part of a run than in another;
// the sum is right, and it is what the kernel charged.
#pragma once

#include <cstdint>

#include "profiler/profile.h"

namespace profiler::pipeline {

/// Sets EventInfo::ns_per_unit of the first event if it counts cycles: what the kernel charged over
/// `weight`, or, where that was not measured, `samples` at the event's frequency over `weight`.
void set_time_scale(Run& run, std::uint64_t weight, std::uint64_t samples);

/// Turns the weights of an event that has a scale into nanoseconds, once.
void apply_time_scale(Profile& profile);

}  // namespace profiler::pipeline
