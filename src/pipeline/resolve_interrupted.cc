#include "pipeline/causes.h"
#include "pipeline/interner.h"
#include "pipeline/module_files.h"
#include "pipeline/naming.h"
#include "pipeline/pipeline.h"

namespace profiler::pipeline {

void resolve_interrupted(Profile& profile, symbolizer::KernelSymbols* kernel,
                         const symbolizer::DebugFileSearch& debug_files) {
  Interner interner(profile);
  ModuleFiles modules(profile, interner);
  modules.reopen();
  modules.open_missing(debug_files);
  resolve_names(profile, interner, modules, nullptr, kernel, debug_files);
  resolve_causes(profile, interner, modules);
}

}  // namespace profiler::pipeline
