// The functions of one unit and what was inlined into them, by address.
//
//   FunctionTree tree(*unit, code);
//   for (const FunctionTree::Step& step : tree.chain_at(address)) …
//   // the innermost inlined call first, the function that was compiled last
//
// The unit's functions are listed once without entering their bodies; a body is walked when an
// address in it is first asked for. So the work for an address does not grow with the unit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "symbolizer/dwarf/unit.h"
#include "symbolizer/elf/function_symbols.h"
#include "symbolizer/elf/range_map.h"

namespace symbolizer {

class FunctionTree {
 public:
  /// A function on the way to an address.
  struct Step {
    std::uint64_t die = 0;        ///< Its entry's offset: of an inlined call, that of the call.
    AttributeValue origin;        ///< Of an inlined call: the function. Else empty.
    std::uint32_t call_file = 0;  ///< Where it was called, if it was inlined.
    std::uint32_t call_line = 0;
  };

  /// `unit`: the one with the entries, which is not a skeleton. `code`: where the module's code is.
  /// Both outlive the tree.
  FunctionTree(const Unit& unit, std::span<const CodeRegion> code);

  /// Empty if no function of the unit is there.
  [[nodiscard]] std::vector<Step> chain_at(ModuleAddress address);

 private:
  /// What was inlined into one function.
  struct Body {
    struct Call {
      Step step;
      std::uint32_t parent;  ///< Index of the call around it; kNone: the function itself.
    };
    static constexpr std::uint32_t kNone = UINT32_MAX;
    std::vector<Call> calls;
    RangeMap<std::uint32_t> ranges;
  };

  void list_functions(bool everywhere);
  [[nodiscard]] Body read_body(std::uint64_t function) const;
  /// Moves the cursor, which is behind an entry's attributes, behind its children.
  void skip_children(ByteCursor& cursor) const;

  const Unit& unit_;
  std::span<const CodeRegion> code_;
  bool listed_everywhere_ = false;
  RangeMap<std::uint64_t> functions_;
  std::unordered_map<std::uint64_t, Body> bodies_;
};

}  // namespace symbolizer
