// A profile as Firefox Profiler reads it (profiler.firefox.com): its processed format, version 61.
// github.com/firefox-devtools/profiler, src/types/profile.ts and
// docs-developer/CHANGELOG-formats.md
//
//   write_firefox(profile, view::select_with_waits(profile, {}).samples, {}, sink);   // prog.json
//
// Each thread has its samples, with their time, weight and CPU time in between, and markers: its
// waits, and the system calls that its samples show it in. The category of a frame in the kernel is
// why the kernel was entered: a page fault by kind, a system call by name (firefox_categories.h).
#pragma once

#include <cstdint>
#include <vector>

#include "export/places.h"
#include "export/sink.h"
#include "profiler/profile.h"

namespace profiler::exporter {

struct FirefoxOptions {
  std::uint16_t event = 0;    ///< Row of Run::events, of which the samples are.
  bool wait_samples = false;  ///< Waits are samples too, besides markers.
  KernelFrames kernel = KernelFrames::kShown;
};

void write_firefox(const Profile& profile, const std::vector<const Sample*>& samples,
                   const FirefoxOptions& options, const Sink& sink);

}  // namespace profiler::exporter
