// Samples as `perf script` prints them, for what reads its text: stackcollapse-perf.pl, speedscope,
// Firefox Profiler.
//
//   write_perf_script(profile, view::select(profile, {}), {}, sink);
//   // prog 100/101 [000] 71287.790984:    1001001 cpu-clock:
//   // <TAB>            1489e vfs_read ([kernel.kallsyms])
//   // <TAB>             1139 main (/usr/bin/prog)
//
// In order of time, innermost frame first. An address is the module's own (Frame::address). Names
// are those of tables: one that ends in an address is followed by "+0x…", the distance from it; of
// others the distance is not known. Inlined functions have "(inlined)" in place of a file; blanks
// in a file's name are written \040. Waits are samples of an event "offcpu-time", as perf calls it.
#pragma once

#include <vector>

#include "export/places.h"
#include "export/sink.h"
#include "profiler/profile.h"

namespace profiler::exporter {

struct PerfScriptOptions {
  KernelFrames kernel = KernelFrames::kShown;
};

void write_perf_script(const Profile& profile, const std::vector<const Sample*>& samples,
                       const PerfScriptOptions& options, const Sink& sink);

}  // namespace profiler::exporter
