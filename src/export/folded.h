// Folded stacks, one line for each distinct stack: what flamegraph.pl, inferno, speedscope and
// others read.
//
//   write_folded(profile, view::select(profile, {}), {}, sink);
//   // prog;main;Arena::grow;asm_exc_page_fault_[k];clear_page_erms_[k] 71
//
// A line is the process's name, the functions from the outermost to the innermost, a space, and a
// positive count. "_[k]" ends the name of a kernel function, "_[i]" that of an inlined one, "_[j]"
// that of code compiled at run time. Lines are sorted by frame, and no two are alike. A wait's last
// frame says what for: "<wait lock>_[k]".
#pragma once

#include <cstdint>
#include <vector>

#include "export/places.h"
#include "export/sink.h"
#include "profiler/profile.h"

namespace profiler::exporter {

enum class FoldedCount : std::uint8_t {
  kSamples,  ///< And of waits, how many.
  kWeight,   ///< In the event's unit: nanoseconds for clocks, and waits.
};

struct FoldedOptions {
  FoldedCount count = FoldedCount::kSamples;
  KernelFrames kernel = KernelFrames::kShown;
};

void write_folded(const Profile& profile, const std::vector<const Sample*>& samples,
                  const FoldedOptions& options, const Sink& sink);

}  // namespace profiler::exporter
