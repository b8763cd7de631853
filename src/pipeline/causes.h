// Gives every stack with a kernel part its entry and cause, and what a thread that left its CPU
// there waited for, once names are resolved.
//
//   resolve_causes(profile, interner, modules);
//
// Fills in Profile::causes, Stack::cause and Stack::wait. Where the kernel chain does not name the
// system call, the user code before the return address does, or else the name of the libc wrapper
// there, or else the other samples of that place (cause_evidence.h).
#pragma once

#include "pipeline/interner.h"
#include "pipeline/module_files.h"
#include "profiler/profile.h"

namespace profiler::pipeline {

void resolve_causes(Profile& profile, Interner& interner, const ModuleFiles& modules);

}  // namespace profiler::pipeline
