// The functions of one unit and what was inlined into them, by address.
//
//   FunctionTree tree(unit_die);
//   std::vector<Dwarf_Off> chain = tree.chain_at(info.dwarf(), address);
//   // DIE offsets: the innermost inlined call first, the function that was compiled last
//
// The unit's functions are listed once without entering their bodies; a body is walked when an
// address in it is first asked for. So the work for an address does not grow with the unit.
#pragma once

#include <elfutils/libdw.h>

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "symbolizer/elf/function_symbols.h"
#include "symbolizer/elf/range_map.h"

namespace symbolizer {

class FunctionTree {
 public:
  /// `code`: where the module's code is; outlives the tree.
  FunctionTree(Dwarf_Die* unit_die, std::span<const CodeRegion> code);

  /// Empty if no function of the unit is there.
  [[nodiscard]] std::vector<Dwarf_Off> chain_at(Dwarf* dwarf, ModuleAddress address);

 private:
  /// What was inlined into one function.
  struct Body {
    struct Call {
      Dwarf_Off die;
      std::uint32_t parent;  ///< Index of the call around it; kNone: the function itself.
    };
    static constexpr std::uint32_t kNone = UINT32_MAX;
    std::vector<Call> calls;
    RangeMap<std::uint32_t> ranges;
  };

  void list_functions(Dwarf_Die* unit_die, bool everywhere);
  [[nodiscard]] Body read_body(Dwarf_Die* function) const;

  std::span<const CodeRegion> code_;
  Dwarf_Off unit_;
  std::uint64_t die_limit_;  ///< More DIEs than the unit has bytes: it runs in circles.
  bool listed_everywhere_ = false;
  RangeMap<Dwarf_Off> functions_;
  std::unordered_map<Dwarf_Off, Body> bodies_;
};

}  // namespace symbolizer
