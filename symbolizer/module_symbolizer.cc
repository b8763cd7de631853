#include "symbolizer/module_symbolizer.h"

#include <algorithm>
#include <compare>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "symbolizer/demangle.h"
#include "symbolizer/dwarf/source_lookup.h"
#include "symbolizer/elf/code_names.h"

namespace symbolizer {

using profiler::NameSource;
using profiler::Naming;
using profiler::SourceFrame;
using profiler::Symbolized;

/// Bytes of .debug_info whose units may stay open while a batch goes from unit to unit: opening and
/// freeing them in groups costs less than one by one.
constexpr std::uint64_t kKeptInBatch = std::uint64_t{1} << 20;

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
  std::string demangled_symbol(const std::string& name) {
    // "memcpy@@GLIBC_2.14" is memcpy; "_ZdlPv@plt" stays a stub.
    std::string_view plain = std::string_view(name).substr(0, name.find('@'));
    if (name.ends_with("@plt") && !is_mangled(name)) plain = name;
    if (!is_mangled(plain)) return std::string(plain);
    const auto [known, added] = demangled.try_emplace(name);
    if (added) {
      known->second = demangle(plain);
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

void ModuleSymbolizer::symbolize_all(
    std::span<const ModuleAddress> addresses,
    const std::function<void(std::size_t index, const Symbolized&)>& use) const {
  // Unit by unit, as the code of one lies in several places (.text, .init, what is seldom run).
  struct Question {
    std::uint64_t unit;
    ModuleAddress address;
    std::size_t index;
    auto operator<=>(const Question&) const = default;
  };
  SourceLookup* source = state_->the_source();
  std::vector<Question> questions;
  questions.reserve(addresses.size());
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    questions.push_back({.unit = source == nullptr ? 0 : source->unit_of(addresses[i]),
                         .address = addresses[i],
                         .index = i});
  }
  std::ranges::sort(questions);
  Symbolized answer;
  for (std::size_t i = 0; i < questions.size(); ++i) {
    const bool is_new_unit = i > 0 && questions[i].unit != questions[i - 1].unit;
    if (source != nullptr && is_new_unit) source->forget_beyond(kKeptInBatch);
    const bool is_repeated = i > 0 && questions[i].address == questions[i - 1].address;
    if (!is_repeated) answer = symbolize(questions[i].address);
    use(questions[i].index, answer);
  }
}

}  // namespace symbolizer
