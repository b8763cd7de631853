// Cycles to time: one factor a run, so that a recording of hardware cycles reads in seconds as one
// of a clock does.
//
//   set_time_scale(run, totals);   // when the recording has ended
//   apply_time_scale(profile);     // when a profile is to be looked at
//
// A CPU's frequency changes, so a cycle stands for more time in one part of a run than in another;
// the sum is right, and it is what the kernel charged.
#pragma once

#include <cstdint>
#include <span>

#include "profiler/profile.h"

namespace profiler::pipeline {

/// Of all samples of one event.
struct EventTotal {
  std::uint64_t weight = 0;
  std::uint64_t samples = 0;
};

/// Sets EventInfo::ns_per_unit of events that count cycles: what the kernel charged over the
/// event's weight, or, where that was not measured, its samples at its frequency over its weight.
/// `totals`: by row of Run::events; rows that are missing had no samples.
void set_time_scale(Run& run, std::span<const EventTotal> totals);

/// Turns the weights of an event that has a scale into nanoseconds, once.
void apply_time_scale(Profile& profile);

}  // namespace profiler::pipeline
