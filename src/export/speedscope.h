// A profile as speedscope reads it: one JSON document, a "sampled" profile for each thread.
// https://www.speedscope.app/file-format-schema.json
//
//   write_speedscope(profile, view::select(profile, {}), {}, sink);     // prog.speedscope.json
//
// Weights are nanoseconds for clocks, else counts in the event's own unit. Samples of one stack
// that follow each other are one. Inlined functions are frames like others; a frame's file and line
// are where the function is declared, or its module where that is not known.
#pragma once

#include <cstdint>
#include <vector>

#include "export/places.h"
#include "export/sink.h"
#include "profiler/profile.h"

namespace profiler::exporter {

struct SpeedscopeOptions {
  std::uint16_t event = 0;  ///< Row of Run::events, of which the samples are.
  KernelFrames kernel = KernelFrames::kShown;
};

void write_speedscope(const Profile& profile, const std::vector<const Sample*>& samples,
                      const SpeedscopeOptions& options, const Sink& sink);

}  // namespace profiler::exporter
