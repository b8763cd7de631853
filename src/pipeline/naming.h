// Resolves the names of a profile's frames, once per distinct frame, when its recording has ended.
//
//   resolve_names(profile, interner, modules, &generated_code, kernel_symbols);
//
// Fills in Profile::functions and locations, Frame::name and Module::names. A module or frame that
// cannot be named stays as it is, and counts as unnamed.
#pragma once

#include "pipeline/generated_code.h"
#include "pipeline/interner.h"
#include "pipeline/module_files.h"
#include "profiler/profile.h"
#include "symbolizer/elf/debug_files.h"
#include "symbolizer/kernel/kernel_symbols.h"

namespace profiler::pipeline {

/// `generated`: null if nothing is known of code that is in no file. `kernel`: null if kernel names
/// are not to be had.
void resolve_names(Profile& profile, Interner& interner, const ModuleFiles& modules,
                   GeneratedCode* generated, const symbolizer::KernelSymbols* kernel,
                   const symbolizer::DebugFileSearch& debug_files = {});

}  // namespace profiler::pipeline
