#include "symbolizer/dwarf/code_ranges.h"

#include <dwarf.h>

#include <algorithm>

namespace symbolizer {
namespace {

/// Over the list's section, at the list; at its end where there is none.
ByteCursor at_list(const Unit& unit, const AttributeValue& ranges) {
  if (unit.format().version < 5) {
    const auto section = unit.sections()[DebugSection::kRanges];
    // The base is for the split unit, not for the skeleton that names it.
    const std::uint64_t base = unit.skeleton() == nullptr ? 0 : unit.ranges_base();
    const std::uint64_t offset = base + ranges.value;
    return ByteCursor(section, std::min<std::uint64_t>(offset, section.size()));
  }
  const auto section = unit.sections()[DebugSection::kRnglists];
  std::uint64_t offset = ranges.value;
  if (ranges.form == DW_FORM_rnglistx) {
    const std::uint64_t base = unit.rnglists_base();
    const std::uint8_t size = unit.format().offset_size;
    if (base > section.size() || ranges.value > section.size()) {
      return ByteCursor(section, section.size());
    }
    ByteCursor table(section, std::min<std::uint64_t>(base + ranges.value * size, section.size()));
    offset = base + read_offset(table, size);
    if (!table.ok()) offset = section.size();
  }
  return ByteCursor(section, std::min<std::uint64_t>(offset, section.size()));
}

}  // namespace

RangeList::RangeList(const Unit& unit, const AttributeValue& ranges)
    : unit_(unit), cursor_(at_list(unit, ranges)), base_(unit.base_address()) {}

std::optional<CodeRange> RangeList::next() {
  return unit_.format().version < 5 ? next_in_ranges() : next_in_rnglists();
}

std::optional<CodeRange> RangeList::next_in_ranges() {
  const std::uint8_t size = unit_.format().address_size;
  const std::uint64_t base_selection = size == 8 ? UINT64_MAX : UINT32_MAX;
  for (;;) {
    const std::uint64_t start = read_address(cursor_, size);
    const std::uint64_t end = read_address(cursor_, size);
    if (!cursor_.ok() || (start == 0 && end == 0)) return std::nullopt;
    if (start != base_selection) return CodeRange{.start = base_ + start, .end = base_ + end};
    base_ = end;
  }
}

std::optional<CodeRange> RangeList::between(std::optional<std::uint64_t> start,
                                            std::optional<std::uint64_t> end) {
  if (!cursor_.ok()) return std::nullopt;
  // Without its address a range is empty; those behind it may be had.
  return CodeRange{.start = start.value_or(0), .end = start && end ? *end : 0};
}

std::optional<CodeRange> RangeList::next_in_rnglists() {
  const std::uint8_t size = unit_.format().address_size;
  const auto indexed = [this] { return unit_.address_at_index(cursor_.uleb()); };
  while (!cursor_.at_end()) {
    switch (cursor_.u8()) {
      case DW_RLE_base_addressx:
        base_ = indexed().value_or(0);
        break;
      case DW_RLE_base_address:
        base_ = read_address(cursor_, size);
        break;
      case DW_RLE_startx_endx: {
        const auto start = indexed();
        return between(start, indexed());
      }
      case DW_RLE_startx_length: {
        const auto start = indexed();
        return between(start, start.value_or(0) + cursor_.uleb());
      }
      case DW_RLE_offset_pair: {
        const std::uint64_t start = base_ + cursor_.uleb();
        return between(start, base_ + cursor_.uleb());
      }
      case DW_RLE_start_end: {
        const std::uint64_t start = read_address(cursor_, size);
        return between(start, read_address(cursor_, size));
      }
      case DW_RLE_start_length: {
        const std::uint64_t start = read_address(cursor_, size);
        return between(start, start + cursor_.uleb());
      }
      default:  // DW_RLE_end_of_list, and what is not known.
        return std::nullopt;
    }
  }
  return std::nullopt;
}

std::optional<CodeRange> contiguous_range(const Unit& unit, const Die& die) {
  const auto start = unit.address(die.low_pc);
  if (!start || !die.high_pc) return std::nullopt;
  // An address, or since DWARF 4 a length.
  const auto end = unit.address(die.high_pc);
  const std::uint64_t last = end ? *end : *start + die.high_pc.value;
  if (last <= *start) return std::nullopt;
  return CodeRange{.start = *start, .end = last};
}

}  // namespace symbolizer
