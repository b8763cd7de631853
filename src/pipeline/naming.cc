#include "pipeline/naming.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
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
                   const ModuleFiles& files) {
    symbolizer::DebugFileSearch search = debug_files_;
    if (std::string own = files.debug_directory(module); !own.empty())
      search.directories.insert(search.directories.begin(), std::move(own));
    const symbolizer::ModuleSymbolizer symbolizer(files.file(module), search);
    std::vector<ModuleAddress> addresses;
    addresses.reserve(frames.size());
    for (const FrameIndex frame : frames) addresses.emplace_back(profile_.frames[frame].address);
    symbolizer.symbolize_all(addresses, [&](std::size_t i, const Symbolized& at) {
      if (at.frames.empty()) return;
      const LocationIndex first(profile_.locations.size());
      for (const SourceFrame& frame : at.frames) {
        profile_.locations.push_back({.function = function(module, frame, false),
                                      .file = optional_string(frame.file),
                                      .line = frame.line});
      }
      set_name(frames[i], first, static_cast<std::uint16_t>(at.frames.size()), at.naming);
    });
    profile_.modules[module].names = symbolizer.name_source();
  }

  void name_kernel(ModuleIndex module, std::span<const FrameIndex> frames,
                   const symbolizer::KernelSymbols& kernel) {
    const symbolizer::KernelImage& image = kernel.image();
    std::vector<std::pair<FrameIndex, symbolizer::KernelSymbol>> in_image;
    std::vector<ModuleAddress> addresses;
    for (FrameIndex index : frames) {
      const std::uint64_t address = profile_.frames[index].address;
      const auto symbol = kernel.find(RuntimeAddress(address));
      if (!symbol) continue;
      if (image.file != nullptr && symbol->module.empty()) {
        in_image.emplace_back(index, *symbol);
        addresses.emplace_back(address - image.distance);
      } else {
        name_kernel_frame(module, index, *symbol, {});
      }
    }
    if (!addresses.empty()) {
      const symbolizer::ModuleSymbolizer symbolizer(image.file, debug_files_);
      symbolizer.symbolize_all(addresses, [&](std::size_t i, const Symbolized& at) {
        name_kernel_frame(module, in_image[i].first, in_image[i].second, at.frames);
      });
    }
    if (kernel.size() != 0) profile_.modules[module].names = NameSource::kKallsyms;
  }

  /// Code of no file. What its program does not name is known by the memory that it lies in.
  void name_generated(ModuleIndex module, std::span<const FrameIndex> frames,
                      GeneratedCode* generated) {
    std::vector<SourceFrame> names(frames.size());
    if (generated != nullptr) {
      std::vector<std::uint64_t> addresses;
      addresses.reserve(frames.size());
      for (const FrameIndex frame : frames) addresses.push_back(profile_.frames[frame].address);
      names = generated->names(module, addresses);
    }
    const ModuleIndex shown = first_of_name(module);
    std::vector<FrameIndex> unnamed;
    for (std::size_t i = 0; i < frames.size(); ++i) {
      if (names[i].function.empty()) {
        unnamed.push_back(frames[i]);
      } else {
        name_by(shown, frames[i], names[i], Naming::kSymbol);
      }
    }
    name_by_mapping(shown, unnamed, profile_.text(profile_.modules[module].path));
    if (unnamed.size() < frames.size()) profile_.modules[module].names = NameSource::kJit;
    if (generated != nullptr && !unnamed.empty()) note_unnamed(module, unnamed.size(), *generated);
  }

  /// Of a file that could not be read.
  void name_unreadable(ModuleIndex module, std::span<const FrameIndex> frames) {
    const std::string& path = profile_.text(profile_.modules[module].path);
    name_by_mapping(module, frames, path.substr(path.rfind('/') + 1));
  }

  void note_remark(ModuleIndex module, const ModuleFiles::Remark& remark) {
    profile_.run.notes.push_back(
        profile_.text(profile_.modules[module].path) + ": " + remark.text + "; " +
        (remark.from_memory ? "only its exported functions have names" : "it has no names"));
  }

  /// What became of code without names, for the user.
  void add_notes() {
    for (const auto& [key, count] : unnamed_) {
      const auto& [name, why] = key;
      const bool one = count == 1;
      profile_.run.notes.push_back(name + ": " + std::to_string(count) +
                                   (one ? " place in its" : " places in its") + " generated code " +
                                   (one ? "has no name; " : "have no names; ") + why);
    }
  }

 private:
  /// `chain`: inlined calls and lines, or nothing.
  void name_kernel_frame(ModuleIndex core, FrameIndex index, const symbolizer::KernelSymbol& symbol,
                         std::vector<SourceFrame> chain) {
    const ModuleIndex module = symbol.module.empty() ? core : kernel_module(symbol.module);
    if (chain.empty()) chain.emplace_back();
    // Causes go by the names that the kernel itself has for what was compiled.
    SourceFrame& compiled = chain.back();
    compiled.function = compiled.system_name = symbol.name;
    if (symbol.whole_module) compiled.system_name.clear();
    const LocationIndex first(profile_.locations.size());
    for (const SourceFrame& frame : chain) {
      profile_.locations.push_back({.function = function(module, frame, true),
                                    .file = optional_string(frame.file),
                                    .line = frame.line});
    }
    set_name(index, first, static_cast<std::uint16_t>(chain.size()),
             symbol.whole_module ? Naming::kRange : Naming::kSymbol);
  }

  void name_by(ModuleIndex module, FrameIndex index, const SourceFrame& frame, Naming naming) {
    const LocationIndex first =
        profile_.locations.push_back({.function = function(module, frame, false),
                                      .file = optional_string(frame.file),
                                      .line = frame.line});
    set_name(index, first, 1, naming);
  }

  void name_by_mapping(ModuleIndex module, std::span<const FrameIndex> frames, std::string name) {
    SourceFrame frame;
    frame.function = std::move(name);
    if (frame.function.empty()) return;
    for (const FrameIndex index : frames) name_by(module, index, frame, Naming::kRange);
  }

  /// Processes of one name have rows of their own for their code, but share its functions.
  ModuleIndex first_of_name(ModuleIndex module) {
    return generated_modules_.try_emplace(profile_.modules[module].path, module).first->second;
  }

  void note_unnamed(ModuleIndex module, std::size_t count, const GeneratedCode& generated) {
    if (std::string why = generated.why_unnamed(module); !why.empty())
      unnamed_[{generated.program(module), std::move(why)}] += count;
  }

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
  std::map<StringIndex, ModuleIndex> generated_modules_;
  std::map<std::pair<std::string, std::string>, std::size_t> unnamed_;
};

}  // namespace

void resolve_names(Profile& profile, Interner& interner, const ModuleFiles& modules,
                   GeneratedCode* generated, const symbolizer::KernelSymbols* kernel,
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
    if (frames.empty()) continue;
    const ModuleKind kind = profile.modules[module].kind;
    if (kind == ModuleKind::kKernel) {
      if (kernel != nullptr) resolver.name_kernel(module, frames, *kernel);
    } else if (modules.file(module)) {
      resolver.name_module(module, frames, modules);
    } else if (kind == ModuleKind::kAnonymous || kind == ModuleKind::kJitDump) {
      resolver.name_generated(module, frames, generated);
    } else if (kind == ModuleKind::kUnreadable) {
      resolver.name_unreadable(module, frames);
    }
    if (const auto* remark = modules.remark(module)) resolver.note_remark(module, *remark);
  }
  resolver.add_notes();
}

}  // namespace profiler::pipeline
