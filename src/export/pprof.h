// A profile as pprof reads it: github.com/google/pprof, proto/profile.proto, compressed with gzip.
//
//   write_pprof(profile, view::select_with_waits(profile, {}).samples, {}, sink);
//
// A sample is a distinct stack of a thread: how many samples, and how much time (another event:
// how much of its own unit), all of it, in user mode and in the kernel; where waiting was recorded,
// also off the CPU. Labels: thread, tid, pid, comm; the cause of kernel time, and its entry where
// that is another; what was waited for. A location is a frame with its inlined functions; its
// address is the module's own (Frame::address). A mark has a location without a mapping.
#pragma once

#include <cstdint>
#include <vector>

#include "export/places.h"
#include "export/sink.h"
#include "profiler/profile.h"

namespace profiler::exporter {

struct PprofOptions {
  std::uint16_t event = 0;  ///< Row of Run::events, of which the samples are.
  Times times = Times::kOnCpu;
  KernelFrames kernel = KernelFrames::kShown;
};

void write_pprof(const Profile& profile, const std::vector<const Sample*>& samples,
                 const PprofOptions& options, const Sink& sink);

}  // namespace profiler::exporter
