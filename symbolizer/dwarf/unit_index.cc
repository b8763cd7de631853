#include "symbolizer/dwarf/unit_index.h"

#include <algorithm>
#include <cstddef>
#include <unordered_set>

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

UnitIndex::UnitIndex(const DebugInfo& info, std::span<const CodeRegion> code) {
  std::size_t ranges = 0;
  const auto add = [&](Dwarf_Addr start, Dwarf_Addr end, Dwarf_Off unit) {
    if (ranges < kMaxRanges && is_code(code, start)) {
      units_.add(start, end, unit);
      ++ranges;
    }
  };

  std::unordered_set<Dwarf_Off> listed;
  Dwarf_Aranges* aranges = nullptr;
  std::size_t count = 0;
  if (dwarf_getaranges(info.dwarf(), &aranges, &count) == 0) {
    for (std::size_t i = 0; i < count; ++i) {
      Dwarf_Addr start = 0;
      Dwarf_Word length = 0;
      Dwarf_Off unit = 0;
      if (dwarf_getarangeinfo(dwarf_onearange(aranges, i), &start, &length, &unit) != 0) continue;
      listed.insert(unit);
      add(start, start + length, unit);
    }
  }

  Dwarf_Off offset = 0;
  Dwarf_Off next = 0;
  std::size_t header_size = 0;
  while (ranges < kMaxRanges && dwarf_next_unit(info.dwarf(), offset, &next, &header_size, nullptr,
                                                nullptr, nullptr, nullptr, nullptr, nullptr) == 0) {
    const Dwarf_Off unit = offset + header_size;
    if (next <= offset) break;
    offset = next;
    if (listed.contains(unit)) continue;
    Dwarf_Die die;
    if (dwarf_offdie(info.dwarf(), unit, &die) == nullptr) continue;
    Dwarf_Addr base = 0;
    Dwarf_Addr start = 0;
    Dwarf_Addr end = 0;
    for (std::ptrdiff_t at = 0;
         ranges < kMaxRanges && (at = dwarf_ranges(&die, at, &base, &start, &end)) > 0;) {
      add(start, end, unit);
    }
  }
  units_.build();
}

std::optional<Dwarf_Off> UnitIndex::find(ModuleAddress address) const {
  const auto* piece = units_.find(address.value());
  if (piece == nullptr) return std::nullopt;
  return piece->value;
}

}  // namespace symbolizer
