#include "cli/load_profile.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "pipeline/pipeline.h"
#include "pipeline/time_scale.h"
#include "profile/profile_reader.h"
#include "symbolizer/kernel/read_kallsyms.h"

namespace profiler::cli {
namespace {

bool has_kernel_frames(const Profile& profile) {
  return std::ranges::any_of(
      profile.modules, [](const Module& module) { return module.kind == ModuleKind::kKernel; });
}

/// Names for a recording that was cut off before it could resolve them.
void name_interrupted(Profile& profile) {
  std::optional<symbolizer::KernelSymbols> kernel;
  if (has_kernel_frames(profile)) {
    if (auto symbols = symbolizer::read_kallsyms()) kernel = std::move(*symbols);
  }
  pipeline::resolve_interrupted(profile, kernel ? &*kernel : nullptr);
  profile.run.notes.emplace_back(
      "the recording was cut off: its names were looked up now, and kernel names are right only "
      "if this machine has not been restarted since");
}

}  // namespace

Result<Profile> load_profile(const std::string& path) {
  Result<Profile> profile = profile::read_profile(path);
  if (profile && profile->run.interrupted && profile->functions.empty()) name_interrupted(*profile);
  if (profile) pipeline::apply_time_scale(*profile);
  return profile;
}

}  // namespace profiler::cli
