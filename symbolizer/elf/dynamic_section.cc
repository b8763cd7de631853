#include "symbolizer/elf/dynamic_section.h"

#include <elf.h>

#include <algorithm>
#include <cstdint>

#include "symbolizer/elf/bytes.h"

namespace symbolizer {
namespace {

std::span<const std::byte> mapped(const ElfFile& file, std::uint64_t address, std::uint64_t size) {
  return file.bytes_at(ModuleAddress(address), size);
}

/// The number of symbols that a DT_GNU_HASH table reaches: its last chain's end.
std::uint64_t gnu_hash_symbol_count(std::span<const std::byte> table) {
  std::uint32_t bucket_count = 0;
  std::uint32_t first_symbol = 0;
  std::uint32_t bloom_size = 0;
  if (!read_at(table, 0, bucket_count) || !read_at(table, 4, first_symbol) ||
      !read_at(table, 8, bloom_size)) {
    return 0;
  }
  const std::uint64_t buckets = 16 + std::uint64_t{bloom_size} * 8;
  std::uint64_t last = 0;
  for (std::uint64_t i = 0; i < bucket_count; ++i) {
    std::uint32_t first_of_chain = 0;
    if (!read_at(table, buckets + i * 4, first_of_chain)) return 0;
    last = std::max<std::uint64_t>(last, first_of_chain);
  }
  if (last < first_symbol) return first_symbol;
  const std::uint64_t chains = buckets + std::uint64_t{bucket_count} * 4;
  std::uint32_t hash = 0;
  while (read_at(table, chains + (last - first_symbol) * 4, hash)) {
    ++last;
    if ((hash & 1) != 0) return last;
  }
  return 0;
}

}  // namespace

DynamicSection read_dynamic_section(const ElfFile& file) {
  DynamicSection found;
  std::uint64_t symbols = 0;
  std::uint64_t strings = 0;
  std::uint64_t strings_size = 0;
  std::uint64_t hash = 0;
  std::uint64_t gnu_hash = 0;
  std::uint64_t plt_relocations = 0;
  std::uint64_t plt_relocations_size = 0;
  std::uint64_t relocations = 0;
  std::uint64_t relocations_size = 0;
  Elf64_Dyn entry;
  for (std::uint64_t offset = 0; read_at(file.dynamic(), offset, entry) && entry.d_tag != DT_NULL;
       offset += sizeof entry) {
    const std::uint64_t value = entry.d_un.d_val;
    switch (entry.d_tag) {
      case DT_SYMTAB:
        symbols = value;
        break;
      case DT_STRTAB:
        strings = value;
        break;
      case DT_STRSZ:
        strings_size = value;
        break;
      case DT_HASH:
        hash = value;
        break;
      case DT_GNU_HASH:
        gnu_hash = value;
        break;
      case DT_JMPREL:
        plt_relocations = value;
        break;
      case DT_PLTRELSZ:
        plt_relocations_size = value;
        break;
      case DT_RELA:
        relocations = value;
        break;
      case DT_RELASZ:
        relocations_size = value;
        break;
      case DT_INIT:
        found.init = ModuleAddress(value);
        break;
      case DT_FINI:
        found.fini = ModuleAddress(value);
        break;
      case DT_FLAGS_1:
        found.is_pie = (value & DF_1_PIE) != 0;
        break;
      default:
        break;
    }
  }
  std::uint64_t count = 0;
  if (hash != 0) {
    std::uint32_t chains = 0;
    if (read_at(mapped(file, hash, 8), 4, chains)) count = chains;
  }
  if (count == 0 && gnu_hash != 0) {
    count = gnu_hash_symbol_count(mapped(file, gnu_hash, SIZE_MAX));
  }
  found.symbols = mapped(file, symbols, count * sizeof(Elf64_Sym));
  found.indexed_symbols = mapped(file, symbols, SIZE_MAX);
  found.strings = mapped(file, strings, strings_size);
  found.plt_relocations = mapped(file, plt_relocations, plt_relocations_size);
  found.relocations = mapped(file, relocations, relocations_size);
  return found;
}

}  // namespace symbolizer
