// Which unit of the debug information covers an address.
//
//   UnitIndex units(info, code_regions(*module));
//   std::optional<std::uint64_t> header = units.find(address);   // offset in .debug_info
//
// From .debug_aranges (DWARF 5, 6.1.2); units that are not listed there (clang writes none) are
// asked for their own ranges. Ranges outside the module's code are left over from discarded
// sections.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <unordered_set>
#include <vector>

#include "symbolizer/dwarf/debug_info.h"
#include "symbolizer/elf/function_symbols.h"
#include "symbolizer/elf/range_map.h"

namespace symbolizer {

class UnitIndex {
 public:
  UnitIndex(DebugInfo& info, std::span<const CodeRegion> code);

  [[nodiscard]] std::optional<std::uint64_t> find(ModuleAddress address) const;

 private:
  using Units = std::unordered_set<std::uint64_t>;
  /// What a unit says is its code.
  struct Claim {
    std::uint64_t start;
    std::uint64_t end;
    std::uint64_t unit;
  };

  /// The units that are listed.
  [[nodiscard]] Units read_aranges(const DebugInfo& info, std::span<const CodeRegion> code);
  void add_others(DebugInfo& info, std::span<const CodeRegion> code, const Units& listed);
  void add(std::span<const CodeRegion> code, std::uint64_t start, std::uint64_t end,
           std::uint64_t unit);

  std::vector<Claim> claims_;  ///< Only while the index is made.
  RangeMap<std::uint64_t> units_;
  std::size_t budget_;  ///< Ranges that may still be claimed.
};

/// True if `address` lies in one of the regions (sorted by start).
[[nodiscard]] bool is_code(std::span<const CodeRegion> regions, std::uint64_t address);

}  // namespace symbolizer
