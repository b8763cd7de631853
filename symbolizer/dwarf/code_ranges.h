// The addresses that an entry's code takes: DW_AT_low_pc and DW_AT_high_pc, or a list of ranges
// (DWARF 5, 2.17; .debug_rnglists 7.28; before that .debug_ranges).
//
//   std::size_t budget = 1000;                    // ranges that may still be read
//   for_each_range(unit, die, budget, [](std::uint64_t start, std::uint64_t end) { … });
//
// Many entries can share one long list, so whoever reads them gives a bound.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "symbolizer/dwarf/unit.h"

namespace symbolizer {

struct CodeRange {
  std::uint64_t start = 0;
  std::uint64_t end = 0;
};

/// The ranges of one list, one after the other; ends at damage.
class RangeList {
 public:
  /// `ranges`: a value of DW_AT_ranges.
  RangeList(const Unit& unit, const AttributeValue& ranges);
  [[nodiscard]] std::optional<CodeRange> next();

 private:
  [[nodiscard]] std::optional<CodeRange> next_in_ranges();
  [[nodiscard]] std::optional<CodeRange> next_in_rnglists();
  [[nodiscard]] std::optional<CodeRange> between(std::optional<std::uint64_t> start,
                                                 std::optional<std::uint64_t> end);

  const Unit& unit_;
  ByteCursor cursor_;
  std::uint64_t base_;
};

/// DW_AT_low_pc and DW_AT_high_pc, if the entry has both.
[[nodiscard]] std::optional<CodeRange> contiguous_range(const Unit& unit, const Die& die);

template <class Use>
void for_each_range(const Unit& unit, const Die& die, std::size_t& budget, Use use) {
  if (!die.ranges) {
    const auto range = contiguous_range(unit, die);
    if (!range || budget == 0) return;
    --budget;
    use(range->start, range->end);
    return;
  }
  RangeList list(unit, die.ranges);
  while (budget > 0) {
    const auto range = list.next();
    if (!range) return;
    --budget;
    if (range->start < range->end) use(range->start, range->end);
  }
}

}  // namespace symbolizer
