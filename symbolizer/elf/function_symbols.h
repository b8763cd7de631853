// The functions that a module's symbol tables name, by address.
//
//   FunctionSymbols functions(*module);
//   functions.add_symbols_of(debug_file);            // .symtab and .dynsym of that file
//   functions.build();
//   if (auto f = functions.find(address)) f->name;   // "_ZN5Arena4growEm"
//
// A symbol names [value, value + size) and nothing beyond it: the static function that follows in a
// stripped file stays unnamed here. Symbols without a size (assembler) reach up to the next symbol
// or the end of their section; the caller ends them at an unwind-table boundary. Of several symbols
// for the same range the one a person would call is kept: functions before labels, global before
// local, fewer leading underscores, shorter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "symbolizer/elf/elf_file.h"

namespace symbolizer {

/// What is known of the function at an address.
struct FunctionSymbol {
  ModuleAddress start;
  ModuleAddress end;
  std::string_view name;  ///< As in the string table; lives as long as the FunctionSymbols.
  bool sized = false;     ///< False: the end is a guess.
};

/// A part of the module that holds code: an executable section, or where there are no section
/// headers an executable segment.
struct CodeRegion {
  ModuleAddress start;
  ModuleAddress end;
  std::string_view name;  ///< Of the section; empty for a segment.
};

/// By rising address, disjoint.
[[nodiscard]] std::vector<CodeRegion> code_regions(const ElfFile& file);

class FunctionSymbols {
 public:
  /// For symbols that lie in the code of `module`.
  explicit FunctionSymbols(const ElfFile& module);

  /// Takes what .symtab and .dynsym (or PT_DYNAMIC) of `file` say: the module itself, its separate
  /// debug file or its .gnu_debugdata.
  void add_symbols_of(std::shared_ptr<const ElfFile> file);
  /// A function that a header names, not a symbol (the entry point): weaker than any symbol.
  void add_unsized(ModuleAddress start, std::string_view static_name);
  /// After the last add.
  void build();

  [[nodiscard]] std::optional<FunctionSymbol> find(ModuleAddress address) const;
  [[nodiscard]] std::size_t size() const { return ranges_.size(); }
  /// The one at `index` by rising address.
  [[nodiscard]] FunctionSymbol at(std::size_t index) const;
  /// Before build(): whether any symbol was added.
  [[nodiscard]] bool has_candidates() const { return !candidates_.empty(); }
  [[nodiscard]] const CodeRegion* region_of(ModuleAddress address) const;

 private:
  // 16 bytes a function: in a module with a million of them that is what stays in memory.
  struct Range {
    std::uint64_t start;
    std::uint32_t size;
    std::uint32_t name;  ///< string table (3 bits), unsized (1 bit), offset (28 bits)
  };
  struct Candidate {
    std::uint64_t start;
    std::uint64_t end;  ///< == start: no size.
    std::uint32_t name;
    std::uint32_t rank;  ///< Less is better.
  };

  void add_table(std::span<const std::byte> symbols, std::span<const std::byte> strings);
  [[nodiscard]] std::string_view name_of(std::uint32_t name) const;

  std::vector<CodeRegion> regions_;
  std::vector<std::shared_ptr<const ElfFile>> files_;
  std::vector<std::span<const std::byte>> string_tables_;
  std::vector<Candidate> candidates_;
  std::vector<Range> ranges_;
};

}  // namespace symbolizer
