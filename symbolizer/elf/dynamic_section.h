// What PT_DYNAMIC says: where the loader finds symbols and relocations. It is there when section
// headers are not.
//
//   DynamicSection dynamic = read_dynamic_section(file);
//   dynamic.symbols, dynamic.strings           // .dynsym and .dynstr
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "symbolizer/elf/elf_file.h"

namespace symbolizer {

struct DynamicSection {
  /// Elf64_Sym[], as many as the hash table knows. DT_GNU_HASH may not know undefined ones:
  std::span<const std::byte> symbols;
  /// Elf64_Sym[] with an unknown end, for the index in a relocation.
  std::span<const std::byte> indexed_symbols;
  std::span<const std::byte> strings;
  std::span<const std::byte> plt_relocations;  ///< Elf64_Rela[] of DT_JMPREL.
  std::span<const std::byte> relocations;      ///< Elf64_Rela[] of DT_RELA.
  std::optional<ModuleAddress> init;           ///< DT_INIT: the code of .init.
  std::optional<ModuleAddress> fini;
  bool is_pie = false;  ///< DF_1_PIE: an executable although ET_DYN.
};

[[nodiscard]] DynamicSection read_dynamic_section(const ElfFile& file);

}  // namespace symbolizer
