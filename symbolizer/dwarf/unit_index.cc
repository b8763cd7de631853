#include "symbolizer/dwarf/unit_index.h"

#include <dwarf.h>

#include <algorithm>
#include <ranges>

#include "symbolizer/dwarf/code_ranges.h"

namespace symbolizer {
namespace {

/// Units can share one long range list: a bound on what such a file can ask for.
constexpr std::size_t kMaxRanges = std::size_t{1} << 22;

}  // namespace

bool is_code(std::span<const CodeRegion> regions, std::uint64_t address) {
  const ModuleAddress at(address);
  auto after = std::ranges::upper_bound(regions, at, {}, &CodeRegion::start);
  return after != regions.begin() && at < (--after)->end;
}

UnitIndex::UnitIndex(DebugInfo& info, std::span<const CodeRegion> code) : budget_(kMaxRanges) {
  add_others(info, code, read_aranges(info, code));
  // Of an inline function that several units compiled the linker keeps the first one's code, but
  // the others may claim it too: of equal ranges the one added last wins.
  for (const Claim& claim : std::views::reverse(claims_)) {
    units_.add(claim.start, claim.end, claim.unit);
  }
  claims_ = {};
  units_.build();
}

void UnitIndex::add(std::span<const CodeRegion> code, std::uint64_t start, std::uint64_t end,
                    std::uint64_t unit) {
  if (budget_ == 0 || !is_code(code, start)) return;
  --budget_;
  claims_.push_back({.start = start, .end = end, .unit = unit});
}

UnitIndex::Units UnitIndex::read_aranges(const DebugInfo& info, std::span<const CodeRegion> code) {
  Units listed;
  const auto section = info.sections()[DebugSection::kAranges];
  ByteCursor cursor(section);
  while (!cursor.at_end()) {
    const std::size_t start = cursor.position();
    std::uint64_t length = cursor.u32();
    std::uint8_t offset_size = 4;
    if (length == 0xffffffff) {
      length = cursor.u64();
      offset_size = 8;
    }
    if (!cursor.ok() || length > cursor.remaining()) break;
    const std::size_t end = cursor.position() + static_cast<std::size_t>(length);
    const std::uint16_t version = cursor.u16();
    const std::uint64_t unit = read_offset(cursor, offset_size);
    const std::uint8_t size = cursor.u8();
    cursor.skip(1);  // Of segment selectors, which no machine of ours has.
    if (version == 2 && (size == 4 || size == 8)) {
      // The first pair is aligned to its size.
      const std::size_t pair = std::size_t{2} * size;
      cursor.skip((pair - (cursor.position() - start) % pair) % pair);
      while (cursor.position() + pair <= end) {
        const std::uint64_t address = read_address(cursor, size);
        const std::uint64_t bytes = read_address(cursor, size);
        if (address == 0 && bytes == 0) break;
        listed.insert(unit);
        add(code, address, address + bytes, unit);
      }
    }
    cursor.seek(end);
  }
  return listed;
}

void UnitIndex::add_others(DebugInfo& info, std::span<const CodeRegion> code, const Units& listed) {
  for (const UnitHeader& header : info.units()) {
    const bool may_have_code = header.type == DW_UT_compile || header.type == DW_UT_skeleton ||
                               header.type == DW_UT_partial;
    if (!may_have_code || budget_ == 0 || listed.contains(header.offset)) continue;
    const Unit* unit = info.unit_at(header.offset);
    if (unit == nullptr) continue;
    for_each_range(
        *unit, unit->read_die(header.die_offset), budget_,
        [&](std::uint64_t start, std::uint64_t end) { add(code, start, end, header.offset); });
  }
}

std::optional<std::uint64_t> UnitIndex::find(ModuleAddress address) const {
  const auto* piece = units_.find(address.value());
  if (piece == nullptr) return std::nullopt;
  return piece->value;
}

}  // namespace symbolizer
