// Which unit of the debug information covers an address.
//
//   UnitIndex units(info, code_regions(*module));
//   std::optional<Dwarf_Off> unit_die = units.find(address);    // offset of its DIE
//
// From .debug_aranges; units that are not listed there (clang writes none) are asked for their own
// ranges. Ranges outside the module's code are left over from discarded sections.
#pragma once

#include <elfutils/libdw.h>

#include <cstdint>
#include <optional>
#include <span>

#include "symbolizer/dwarf/debug_info.h"
#include "symbolizer/elf/function_symbols.h"
#include "symbolizer/elf/range_map.h"

namespace symbolizer {

class UnitIndex {
 public:
  UnitIndex(const DebugInfo& info, std::span<const CodeRegion> code);

  [[nodiscard]] std::optional<Dwarf_Off> find(ModuleAddress address) const;

 private:
  RangeMap<Dwarf_Off> units_;
};

/// True if `address` lies in one of the regions (sorted by start).
[[nodiscard]] bool is_code(std::span<const CodeRegion> regions, std::uint64_t address);

}  // namespace symbolizer
