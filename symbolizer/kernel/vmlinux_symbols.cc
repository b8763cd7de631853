#include "symbolizer/kernel/vmlinux_symbols.h"

#include <elf.h>

#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <span>
#include <string_view>

#include "symbolizer/elf/bytes.h"

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

void append(std::string& text, const Elf64_Sym& symbol, const Section& section,
            std::string_view name) {
  char start[32];
  std::snprintf(start, sizeof start, "%016" PRIx64 " %c ", symbol.st_value,
                letter_of(symbol, section));
  text += start;
  text += name;
  text += '\n';
}

}  // namespace

std::string vmlinux_symbols(const ElfFile& file) {
  std::string text;
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
      if ((section.flags & SHF_ALLOC) == 0) continue;
      const std::string_view name = string_at(names, symbol.st_name);
      // Names may be anything; a line of kallsyms is one line.
      if (is_label(name) || name.find_first_of("\n\t ") != std::string_view::npos) continue;
      append(text, symbol, section, name);
    }
    break;
  }
  return text;
}

}  // namespace symbolizer
