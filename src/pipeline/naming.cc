#include "pipeline/naming.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "symbolizer/module_symbolizer.h"

namespace profiler::pipeline {
namespace {

/// One pass over a profile's frames.
class NameResolver {
 public:
  NameResolver(Profile& profile, Interner& interner, const symbolizer::DebugFileSearch& debug_files)
      : profile_(profile), interner_(interner), debug_files_(debug_files) {
    for (std::size_t i = 0; i < profile.modules.size(); ++i) {
      const Module& module = profile.modules[ModuleIndex(i)];
      if (module.kind == ModuleKind::kKernelModule)
        kernel_modules_.emplace(profile.text(module.path), ModuleIndex(i));
    }
  }

  void name_module(ModuleIndex module, std::span<const FrameIndex> frames,
                   std::shared_ptr<const symbolizer::ElfFile> file) {
    const symbolizer::ModuleSymbolizer symbolizer(std::move(file), debug_files_);
    for (FrameIndex index : frames) {
      const Symbolized at = symbolizer.symbolize(ModuleAddress(profile_.frames[index].address));
      if (at.frames.empty()) continue;
      const LocationIndex first(profile_.locations.size());
      for (const SourceFrame& frame : at.frames) {
        profile_.locations.push_back({.function = function(module, frame, false),
                                      .file = optional_string(frame.file),
                                      .line = frame.line});
      }
      set_name(index, first, static_cast<std::uint16_t>(at.frames.size()), at.naming);
    }
    profile_.modules[module].names = symbolizer.name_source();
  }

  void name_kernel(ModuleIndex module, std::span<const FrameIndex> frames,
                   const symbolizer::KernelSymbols& kernel) {
    std::optional<symbolizer::ModuleSymbolizer> image;
    if (kernel.image().file != nullptr) image.emplace(kernel.image().file, debug_files_);
    for (FrameIndex index : frames) {
      const std::uint64_t address = profile_.frames[index].address;
      const auto symbol = kernel.find(RuntimeAddress(address));
      if (!symbol) continue;
      const bool is_core = symbol->module.empty();
      const ModuleIndex in = is_core ? module : kernel_module(symbol->module);
      std::vector<SourceFrame> chain;
      if (is_core && image)
        chain = image->symbolize(ModuleAddress(address - kernel.image().distance)).frames;
      if (chain.empty()) chain.emplace_back();
      // Causes go by the names that the kernel itself has for what was compiled.
      SourceFrame& compiled = chain.back();
      compiled.function = compiled.system_name = symbol->name;
      if (symbol->whole_module) compiled.system_name.clear();
      const LocationIndex first(profile_.locations.size());
      for (const SourceFrame& frame : chain) {
        profile_.locations.push_back({.function = function(in, frame, true),
                                      .file = optional_string(frame.file),
                                      .line = frame.line});
      }
      set_name(index, first, static_cast<std::uint16_t>(chain.size()),
               symbol->whole_module ? Naming::kRange : Naming::kSymbol);
    }
    if (kernel.size() != 0) profile_.modules[module].names = NameSource::kKallsyms;
  }

 private:
  StringIndex optional_string(const std::string& text) {
    return text.empty() ? StringIndex() : interner_.string(text);
  }

  FunctionIndex function(ModuleIndex module, const SourceFrame& frame, bool kernel) {
    const Function row{.name = interner_.string(frame.function),
                       .system_name = optional_string(frame.system_name),
                       .module = module,
                       .file = optional_string(frame.declared_file),
                       .line = frame.declared_line,
                       .kernel = kernel};
    const auto [known, is_new] =
        functions_.try_emplace({module, row.name, row.system_name, row.file, row.line});
    if (is_new) known->second = profile_.functions.push_back(row);
    return known->second;
  }

  /// Names a frame by the locations from `first` on; frames with equal locations share them.
  void set_name(FrameIndex frame, LocationIndex first, std::uint16_t count, Naming naming) {
    if (count == 1) {
      const Location& only = profile_.locations[first];
      const auto [known, is_new] =
          single_locations_.try_emplace({only.function, only.file, only.line}, first);
      if (!is_new) {
        profile_.locations.resize(first.row());
        first = known->second;
      }
    }
    profile_.frames[frame].name = {.first = first, .count = count, .naming = naming};
  }

  ModuleIndex kernel_module(std::string_view name) {
    const std::string path = "[" + std::string(name) + "]";
    auto [known, is_new] = kernel_modules_.try_emplace(path);
    if (is_new) {
      known->second = profile_.modules.push_back({.path = interner_.string(path),
                                                  .build_id = {},
                                                  .kind = ModuleKind::kKernelModule,
                                                  .names = NameSource::kKallsyms});
    }
    return known->second;
  }

  Profile& profile_;
  Interner& interner_;
  const symbolizer::DebugFileSearch& debug_files_;
  std::map<std::tuple<ModuleIndex, StringIndex, StringIndex, StringIndex, std::uint32_t>,
           FunctionIndex>
      functions_;
  std::map<std::tuple<FunctionIndex, StringIndex, std::uint32_t>, LocationIndex> single_locations_;
  std::map<std::string, ModuleIndex> kernel_modules_;  ///< By path.
};

}  // namespace

void resolve_names(Profile& profile, Interner& interner, const ModuleFiles& modules,
                   const symbolizer::KernelSymbols* kernel,
                   const symbolizer::DebugFileSearch& debug_files) {
  std::vector<std::vector<FrameIndex>> by_module(profile.modules.size());
  for (std::size_t i = 0; i < profile.frames.size(); ++i)
    by_module[profile.frames[FrameIndex(i)].module.row()].emplace_back(i);

  NameResolver resolver(profile, interner, debug_files);
  for (std::size_t i = 0; i < by_module.size(); ++i) {
    const ModuleIndex module(i);
    auto& frames = by_module[i];
    // By address: neighbours share compilation units and lines.
    std::ranges::sort(frames, {}, [&](FrameIndex f) { return profile.frames[f].address; });
    if (profile.modules[module].kind == ModuleKind::kKernel) {
      if (kernel != nullptr) resolver.name_kernel(module, frames, *kernel);
    } else if (auto file = modules.file(module); file && !frames.empty()) {
      resolver.name_module(module, frames, std::move(file));
    }
  }
}

}  // namespace profiler::pipeline
