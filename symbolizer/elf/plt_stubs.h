// Names of the stubs through which a module calls functions of others: "read@plt".
//
//   PltStubs stubs(file);
//   stubs.name_at(ModuleAddress(0x1030));   // "read@plt", or none
//
// A stub jumps through a slot of the GOT, and a relocation says which symbol fills the slot. Read
// from the code, so that .plt, .plt.sec and .plt.got of every linker come out alike, with or
// without section headers. x86-64 and AArch64.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "symbolizer/elf/elf_file.h"
#include "symbolizer/elf/function_symbols.h"

namespace symbolizer {

class PltStubs {
 public:
  /// `functions` names the targets of IRELATIVE relocations.
  PltStubs(const ElfFile& file, const FunctionSymbols& functions);

  /// `address`: in a code region of that name ("" if there are no section headers).
  [[nodiscard]] std::optional<std::string> name_at(ModuleAddress address,
                                                   const CodeRegion& region) const;

 private:
  struct Slot {
    std::uint64_t address;
    std::uint32_t symbol;    ///< Index in .dynsym; 0: none, an IRELATIVE one.
    std::uint64_t resolver;  ///< Of an IRELATIVE one.
  };

  void add_relocations(std::span<const std::byte> table, bool plt);
  [[nodiscard]] const Slot* slot_of_stub(ModuleAddress stub) const;
  [[nodiscard]] std::string name_of(const Slot& slot) const;

  const ElfFile& file_;
  const FunctionSymbols& functions_;
  std::span<const std::byte> symbols_;
  std::span<const std::byte> strings_;
  std::vector<Slot> slots_;          ///< By rising address.
  std::vector<Slot> lazy_by_index_;  ///< .rela.plt in its own order.
};

}  // namespace symbolizer
