// Looks the names of a finished profile up again, for debug files that arrived after the recording.
//
//   Resymbolized done = resymbolize(profile, kernel ? &*kernel : nullptr, debug_files);
//   done.improved;     // code addresses that have better names now
//
// Names come from files with the build ids that the profile has, and from nothing else. What cannot
// be had again stays as it was: a profile is never worse than before.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "profiler/profile.h"
#include "symbolizer/elf/debug_files.h"
#include "symbolizer/kernel/kernel_symbols.h"

namespace profiler::pipeline {

struct Resymbolized {
  std::size_t frames = 0;
  std::size_t improved = 0;          ///< Of them: a symbol, a line or inlined calls more.
  bool kernel_is_named = false;      ///< All of it, and not all was.
  std::vector<std::string> missing;  ///< Files with samples that are not here as they were.
};

/// `kernel`: null, or that of the recording (kernel_names).
Resymbolized resymbolize(Profile& profile, symbolizer::KernelSymbols* kernel,
                         const symbolizer::DebugFileSearch& debug_files);

}  // namespace profiler::pipeline
