// A profile as KCachegrind and callgrind_annotate read it: costs by function and line, and who
// called whom. https://valgrind.org/docs/manual/cl-format.html
//
//   write_callgrind(profile, view::select_with_waits(profile, {}).samples, {}, sink);
//   // events: user_ns sys_ns
//   // fn=(3) main
//   // cfn=(4) f
//   // calls=5 10
//   // 12 5000000 0
//
// Functions of a process are called by a function that stands for it: its total is all its time.
// A call's cost is counted where the called function is met first in a stack, from outside: so the
// calls into a function add up to its total, recursive or not; calls further in have a cost of 0.
// The number of calls is that of samples which show them. Inlined functions are called as well.
// For an event that is no clock, the costs are `user` and `sys` in its own unit.
#pragma once

#include <cstdint>
#include <vector>

#include "export/places.h"
#include "export/sink.h"
#include "profiler/profile.h"

namespace profiler::exporter {

struct CallgrindOptions {
  std::uint16_t event = 0;  ///< Row of Run::events, of which the samples are.
  Times times = Times::kOnCpu;
  KernelFrames kernel = KernelFrames::kShown;
};

void write_callgrind(const Profile& profile, const std::vector<const Sample*>& samples,
                     const CallgrindOptions& options, const Sink& sink);

}  // namespace profiler::exporter
