#include "symbolizer/module_symbolizer.h"

#include <string>
#include <unordered_map>
#include <utility>

#include "symbolizer/demangle.h"
#include "symbolizer/dwarf/source_lookup.h"
#include "symbolizer/elf/code_names.h"

namespace symbolizer {

using profiler::NameSource;
using profiler::Naming;
using profiler::SourceFrame;
using profiler::Symbolized;

struct ModuleSymbolizer::State {
  std::shared_ptr<const ElfFile> file;
  DebugFileSearch search;
  bool debug_file_searched = false;
  std::shared_ptr<const ElfFile> debug_file;
  std::unique_ptr<CodeNames> names;
  bool source_searched = false;
  std::unique_ptr<SourceLookup> source;
  std::unordered_map<std::string, std::string> demangled;

  const std::shared_ptr<const ElfFile>& the_debug_file() {
    if (!debug_file_searched) {
      debug_file_searched = true;
      debug_file = find_debug_file(*file, search);
    }
    return debug_file;
  }
  const CodeNames& the_names() {
    if (names == nullptr) names = std::make_unique<CodeNames>(file, the_debug_file());
    return *names;
  }
  /// Null where neither the module nor its debug file has DWARF.
  SourceLookup* the_source() {
    if (source_searched) return source.get();
    source_searched = true;
    for (const auto& candidate : {file, the_debug_file()}) {
      if (candidate == nullptr) continue;
      auto info = DebugInfo::open(candidate, search);
      if (info == nullptr) continue;
      source = std::make_unique<SourceLookup>(std::move(info), code_regions(*file));
      break;
    }
    return source.get();
  }
  const std::string& demangled_symbol(const std::string& name) {
    const auto [known, added] = demangled.try_emplace(name);
    if (added) {
      // "memcpy@@GLIBC_2.14" is memcpy; "_ZdlPv@plt" stays a stub.
      known->second = demangle(name.substr(0, name.find('@')));
      if (name.ends_with("@plt")) known->second += "@plt";
    }
    return known->second;
  }
};

ModuleSymbolizer::ModuleSymbolizer(std::shared_ptr<const ElfFile> file,
                                   const DebugFileSearch& search)
    : state_(std::make_unique<State>()) {
  state_->file = std::move(file);
  state_->search = search;
}
ModuleSymbolizer::~ModuleSymbolizer() = default;
ModuleSymbolizer::ModuleSymbolizer(ModuleSymbolizer&&) noexcept = default;
ModuleSymbolizer& ModuleSymbolizer::operator=(ModuleSymbolizer&&) noexcept = default;

NameSource ModuleSymbolizer::name_source() const { return state_->the_names().source(); }

Symbolized ModuleSymbolizer::symbolize(ModuleAddress address) const {
  CodeName name = state_->the_names().at(address);
  Symbolized result{.naming = name.naming, .frames = {}};
  if (name.naming == Naming::kNone) return result;
  if (SourceLookup* source = state_->the_source()) result.frames = source->at(address);
  if (result.frames.empty()) result.frames.emplace_back();

  // The symbol table knows the function best: clones and parts have names of their own there.
  SourceFrame& compiled = result.frames.back();
  if (name.naming == Naming::kSymbol) {
    compiled.function = state_->demangled_symbol(name.text);
    compiled.system_name = std::move(name.text);
  } else if (!compiled.function.empty()) {
    result.naming = Naming::kSymbol;
  } else {
    compiled.function = name.text;
    compiled.system_name = std::move(name.text);
  }
  return result;
}

}  // namespace symbolizer
