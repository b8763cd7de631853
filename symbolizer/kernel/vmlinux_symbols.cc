#include "symbolizer/kernel/vmlinux_symbols.h"

#include <elf.h>

#include <cstring>
#include <span>
#include <string_view>
#include <utility>

#include "symbolizer/elf/bytes.h"
#include "symbolizer/kernel/symbol_table.h"

namespace symbolizer {
namespace {

/// As nm(1) would say, as far as readers of kallsyms ask.
char letter_of(const Elf64_Sym& symbol, const Section& section) {
  const unsigned binding = ELF64_ST_BIND(symbol.st_info);
  const bool is_code = (section.flags & SHF_EXECINSTR) != 0;
  if (is_code && binding == STB_WEAK) return 'W';
  if (binding == STB_LOCAL) return is_code ? 't' : 'd';
  return is_code ? 'T' : 'D';
}

/// The assembler's own, which kallsyms leaves out too: ".L42", aarch64's "$x".
bool is_label(std::string_view name) {
  return name.empty() || name.starts_with(".L") || name.starts_with('$');
}

/// Every symbol that has a place in memory, with its section.
template <class Visit>
void for_each_symbol(const ElfFile& file, Visit&& visit) {
  const auto sections = file.sections();
  for (const Section& table : sections) {
    if (table.type != SHT_SYMTAB || table.link >= sections.size()) continue;
    const auto names = sections[table.link].bytes;
    std::span<const std::byte> rest = table.bytes;
    for (; rest.size() >= sizeof(Elf64_Sym); rest = rest.subspan(sizeof(Elf64_Sym))) {
      Elf64_Sym symbol;
      std::memcpy(&symbol, rest.data(), sizeof symbol);
      const unsigned type = ELF64_ST_TYPE(symbol.st_info);
      if (type == STT_SECTION || type == STT_FILE || type == STT_TLS) continue;
      if (symbol.st_shndx == SHN_UNDEF || symbol.st_shndx >= sections.size()) continue;
      const Section& section = sections[symbol.st_shndx];
      if ((section.flags & SHF_ALLOC) != 0 && symbol.st_value != 0) visit(symbol, section, names);
    }
    break;
  }
}

void note_anchor(const Elf64_Sym& symbol, std::string_view name, KernelAnchors& anchors) {
  if (name == "_text") anchors.text = symbol.st_value;
  if (name == "_stext") anchors.stext = symbol.st_value;
}

}  // namespace

KernelSymbols vmlinux_symbols(const ElfFile& file) {
  SymbolTableBuilder builder;
  KernelAnchors anchors;
  for_each_symbol(file, [&](const Elf64_Sym& symbol, const Section& section, auto names) {
    const std::string_view name = string_at(names, symbol.st_name);
    if (is_label(name)) return;
    const char letter = letter_of(symbol, section);
    if (letter == 'd' || letter == 'D') {
      builder.add_data(symbol.st_value);
    } else if (!name.starts_with("__pfx_")) {
      note_anchor(symbol, name, anchors);
      builder.add_code(symbol.st_value, letter, name, "");
    }
  });
  return {std::move(builder).finish(), anchors};
}

KernelAnchors vmlinux_anchors(const ElfFile& file) {
  KernelAnchors anchors;
  for_each_symbol(file, [&](const Elf64_Sym& symbol, const Section&, auto names) {
    // Both are global, and few symbols are.
    if (ELF64_ST_BIND(symbol.st_info) == STB_GLOBAL)
      note_anchor(symbol, string_at(names, symbol.st_name), anchors);
  });
  return anchors;
}

}  // namespace symbolizer
