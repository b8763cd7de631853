#include "symbolizer/elf/code_names.h"

#include <elf.h>

#include <cinttypes>
#include <cstdio>
#include <utility>

#include "symbolizer/elf/dynamic_section.h"
#include "symbolizer/elf/mini_debug_info.h"

namespace symbolizer {
namespace {

using profiler::NameSource;
using profiler::Naming;

/// Linkers pad functions to 16 bytes; the padding has no FDE, and a return address may lie there.
constexpr std::uint64_t kPadding = 15;

std::string base_name(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

bool has_symtab(const ElfFile& file) {
  const Section* section = file.section(".symtab");
  return section != nullptr && !section->bytes.empty();
}

}  // namespace

CodeNames::CodeNames(std::shared_ptr<const ElfFile> module,
                     std::shared_ptr<const ElfFile> debug_file)
    : module_(std::move(module)),
      base_name_(base_name(module_->path())),
      functions_(*module_),
      fdes_(module_->unwind_sections()) {
  load_symbols(std::move(debug_file));
}

CodeNames::~CodeNames() = default;

void CodeNames::load_symbols(std::shared_ptr<const ElfFile> debug_file) {
  functions_.add_symbols_of(module_);
  if (debug_file != nullptr && has_symtab(*debug_file)) {
    source_ = NameSource::kDebugFile;
    functions_.add_symbols_of(std::move(debug_file));
  } else if (has_symtab(*module_)) {
    source_ = NameSource::kSymtab;
  } else if (auto inner = read_mini_debug_info(*module_)) {
    source_ = NameSource::kMiniDebugInfo;
    functions_.add_symbols_of(std::move(inner));
  } else if (functions_.has_candidates()) {
    source_ = NameSource::kDynsym;
  } else if (!fdes_.empty()) {
    source_ = NameSource::kUnwindTable;
  }
  // A shared library's entry point is no _start: old linkers put the first function there.
  const DynamicSection dynamic = read_dynamic_section(*module_);
  if (module_->entry().value() != 0 && (module_->type() == ET_EXEC || dynamic.is_pie)) {
    functions_.add_unsized(module_->entry(), "_start");
  }
  if (dynamic.init) functions_.add_unsized(*dynamic.init, "_init");
  if (dynamic.fini) functions_.add_unsized(*dynamic.fini, "_fini");
  functions_.build();
}

std::optional<FunctionSymbol> CodeNames::symbol_at(ModuleAddress address) const {
  const auto symbol = functions_.find(address);
  if (!symbol || symbol->sized) return symbol;
  // Between the label and the address no other function may begin or end.
  if (const auto fde = fdes_.find(address)) {
    if (fde->start > symbol->start) return std::nullopt;
  } else if (const auto own = fdes_.find(symbol->start);
             own && address - own->start >= own->length + kPadding) {
    return std::nullopt;
  }
  return symbol;
}

std::string CodeNames::range_text(ModuleAddress start) const {
  char number[24];
  std::snprintf(number, sizeof number, "+0x%" PRIx64, start.value());
  return base_name_ + number;
}

CodeName CodeNames::at(ModuleAddress address) const {
  if (const auto symbol = symbol_at(address)) {
    return {.naming = Naming::kSymbol, .text = std::string(symbol->name), .start = symbol->start};
  }
  const CodeRegion* region = functions_.region_of(address);
  if (region == nullptr) return {};
  if (plt_ == nullptr) plt_ = std::make_unique<PltStubs>(*module_, functions_);
  if (auto name = plt_->name_at(address, *region)) {
    return {.naming = Naming::kSymbol, .text = *std::move(name), .start = address};
  }
  // All stubs of a .plt share one FDE: their section says more.
  const bool is_plt = region->name.starts_with(".plt") || region->name.starts_with(".iplt");
  if (!is_plt) {
    if (const auto fde = fdes_.find(address, kPadding)) {
      return {.naming = Naming::kRange, .text = range_text(fde->start), .start = fde->start};
    }
  }
  return {.naming = Naming::kRange,
          .text = region->name.empty() ? range_text(region->start)
                                       : base_name_ + "[" + std::string(region->name) + "]",
          .start = region->start};
}

}  // namespace symbolizer
