#include "symbolizer/dwarf/line_rows.h"

#include <algorithm>

#include "symbolizer/dwarf/unit_index.h"

namespace symbolizer {
namespace {

using Row = LineTable::Row;

/// Drops the sequences of code that is not in the module, and those without any.
void keep_code(std::vector<Row>& rows, std::span<const CodeRegion> code) {
  auto kept = rows.begin();
  for (auto first = rows.begin(); first != rows.end();) {
    auto end = std::find_if(first, rows.end(), [](const Row& row) { return row.ends_sequence; });
    if (end != rows.end()) ++end;
    if (is_code(code, first->address) && std::prev(end)->address > first->address) {
      kept = kept == first ? end : std::move(first, end, kept);
    }
    first = end;
  }
  rows.erase(kept, rows.end());
}

/// By address. Where one sequence ends and another begins, the end comes first.
void sort_by_address(std::vector<Row>& rows) {
  const auto before = [](const Row& a, const Row& b) {
    if (a.address != b.address) return a.address < b.address;
    return a.ends_sequence && !b.ends_sequence;
  };
  if (!std::ranges::is_sorted(rows, before)) std::ranges::stable_sort(rows, before);
}

}  // namespace

LineRows::LineRows(std::vector<Row> rows, std::span<const CodeRegion> code) {
  keep_code(rows, code);
  sort_by_address(rows);
  if (rows.empty()) return;
  base_ = rows.front().address;
  for (const Row& row : rows) {
    if (row.address - base_ > UINT32_MAX) break;
    const auto offset = static_cast<std::uint32_t>(row.address - base_);
    const Place place = row.ends_sequence ? Place{.file = kNoFile, .line = 0}
                                          : Place{.file = row.file, .line = row.line};
    if (!offsets_.empty() && offsets_.back() == offset) {
      places_.back() = place;
    } else if (offsets_.empty() || places_.back().file != place.file ||
               places_.back().line != place.line) {
      offsets_.push_back(offset);
      places_.push_back(place);
    }
  }
  offsets_.shrink_to_fit();
  places_.shrink_to_fit();
}

std::optional<LineRows::Place> LineRows::find(ModuleAddress address) const {
  const std::uint64_t offset = address.value() - base_;
  if (address.value() < base_ || offset > UINT32_MAX) return std::nullopt;
  const auto after = std::ranges::upper_bound(offsets_, static_cast<std::uint32_t>(offset));
  if (after == offsets_.begin()) return std::nullopt;
  const Place& place = places_[static_cast<std::size_t>(after - offsets_.begin()) - 1];
  if (place.file == kNoFile) return std::nullopt;
  return place;
}

}  // namespace symbolizer
