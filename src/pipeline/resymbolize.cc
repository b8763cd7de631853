#include "pipeline/resymbolize.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include "pipeline/causes.h"
#include "pipeline/interner.h"
#include "pipeline/module_files.h"
#include "pipeline/naming.h"

namespace profiler::pipeline {
namespace {

std::span<const Location> locations_of(const Profile& profile, const FrameName& name) {
  if (name.count == 0) return {};
  return std::span(profile.locations.rows()).subspan(name.first.row(), name.count);
}

/// How much a name says: lower is less.
std::tuple<std::uint16_t, bool> worth(const Profile& profile, const FrameName& name) {
  const bool has_lines = std::ranges::any_of(locations_of(profile, name),
                                             [](const Location& at) { return at.line != 0; });
  const std::uint16_t naming =
      name.count == 0 ? std::uint16_t{0} : static_cast<std::uint16_t>(name.naming);
  return {naming, has_lines};
}

/// Functions and locations that frames still refer to, each once.
void drop_unused_names(Profile& profile) {
  const auto functions = std::exchange(profile.functions, {});
  const auto locations = std::exchange(profile.locations, {});
  std::map<std::tuple<StringIndex, StringIndex, ModuleIndex, StringIndex, std::uint32_t, bool>,
           FunctionIndex>
      kept_functions;
  std::map<std::vector<std::tuple<FunctionIndex, StringIndex, std::uint32_t>>, LocationIndex>
      kept_chains;
  for (Frame& frame : profile.frames) {
    if (frame.name.count == 0) continue;
    std::vector<std::tuple<FunctionIndex, StringIndex, std::uint32_t>> chain;
    for (std::size_t i = 0; i < frame.name.count; ++i) {
      const Location& at = locations[LocationIndex(frame.name.first.row() + i)];
      const Function& function = functions[at.function];
      const auto [known, is_new] =
          kept_functions.try_emplace({function.name, function.system_name, function.module,
                                      function.file, function.line, function.kernel});
      if (is_new) known->second = profile.functions.push_back(function);
      chain.emplace_back(known->second, at.file, at.line);
    }
    const auto [known, is_new] = kept_chains.try_emplace(std::move(chain));
    if (is_new) {
      known->second = LocationIndex(profile.locations.size());
      for (const auto& [function, file, line] : known->first)
        profile.locations.push_back({.function = function, .file = file, .line = line});
    }
    frame.name.first = known->second;
  }
}

/// An entry into the kernel that is known by no more than that.
bool says_nothing(const Profile& profile, CauseIndex cause) {
  if (!cause) return true;
  const KernelEntry& entry = profile.causes[cause].entry;
  return entry.kind == KernelEntryKind::kOther ||
         (entry.kind == KernelEntryKind::kSyscall && !entry.name);
}

/// Causes by kernel names that were not there before.
void resolve_causes_again(Profile& profile, Interner& interner, const ModuleFiles& modules) {
  std::vector<CauseIndex> before;
  for (const Stack& stack : profile.stacks) before.push_back(stack.cause);
  resolve_causes(profile, interner, modules);
  for (std::size_t i = 0; i < before.size(); ++i) {
    Stack& stack = profile.stacks[StackIndex(i)];
    if (says_nothing(profile, stack.cause)) stack.cause = before[i];
  }
}

}  // namespace

Resymbolized resymbolize(Profile& profile, symbolizer::KernelSymbols* kernel,
                         const symbolizer::DebugFileSearch& debug_files) {
  Interner interner(profile);
  ModuleFiles modules(profile, interner);
  modules.reopen_by_build_id(debug_files);
  modules.open_missing(debug_files);

  std::vector<FrameName> before;
  for (Frame& frame : profile.frames) before.push_back(std::exchange(frame.name, {}));
  std::vector<NameSource> sources;
  for (const Module& module : profile.modules) sources.push_back(module.names);
  const std::size_t old_modules = profile.modules.size();
  resolve_names(profile, interner, modules, nullptr, kernel, debug_files);

  Resymbolized result;
  result.frames = profile.frames.size();
  std::vector<bool> renamed(profile.modules.size());
  std::vector<bool> used(profile.modules.size());
  const auto is_kernel = [&](const Frame& frame) {
    return profile.modules[frame.module].kind == ModuleKind::kKernel;
  };
  bool kernel_named = false;
  bool kernel_unnamed = false;
  for (std::size_t i = 0; i < before.size(); ++i) {
    Frame& frame = profile.frames[FrameIndex(i)];
    used[frame.module.row()] = true;
    const auto now = worth(profile, frame.name);
    const auto then = worth(profile, before[i]);
    if (frame.name.count == 0 || now < then) {
      frame.name = before[i];
      kernel_unnamed = kernel_unnamed || (frame.name.count == 0 && is_kernel(frame));
      continue;
    }
    renamed[frame.module.row()] = true;
    if (now == then && frame.name.count <= before[i].count) continue;
    ++result.improved;
    kernel_named = kernel_named || (before[i].count == 0 && is_kernel(frame));
  }
  result.kernel_is_named = kernel_named && !kernel_unnamed;
  for (std::size_t i = 0; i < old_modules; ++i) {
    Module& module = profile.modules[ModuleIndex(i)];
    if (!renamed[i]) module.names = sources[i];
    const bool is_file = module.kind == ModuleKind::kFile || module.kind == ModuleKind::kUnreadable;
    if (used[i] && is_file && modules.file(ModuleIndex(i)) == nullptr)
      result.missing.push_back(profile.text(module.path));
  }
  drop_unused_names(profile);
  if (kernel_named) resolve_causes_again(profile, interner, modules);
  return result;
}

}  // namespace profiler::pipeline
