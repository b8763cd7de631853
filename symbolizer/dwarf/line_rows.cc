#include "symbolizer/dwarf/line_rows.h"

#include <algorithm>

#include "symbolizer/dwarf/unit_index.h"

namespace symbolizer {
namespace {

using Row = LineTable::Row;
/// Rows up to the one that ends the sequence.
using Sequence = std::span<const Row>;

/// The sequences of code that is in the module, by address.
std::vector<Sequence> sequences_of(std::span<const Row> rows, std::span<const CodeRegion> code) {
  std::vector<Sequence> sequences;
  while (!rows.empty()) {
    const auto end = std::ranges::find(rows, true, &Row::ends_sequence);
    const auto size = static_cast<std::size_t>(end - rows.begin()) + (end == rows.end() ? 0 : 1);
    const Sequence sequence = rows.first(size);
    rows = rows.subspan(size);
    // One without any code would end where it begins, and take what others say of that address.
    if (sequence.back().address > sequence.front().address &&
        is_code(code, sequence.front().address)) {
      sequences.push_back(sequence);
    }
  }
  std::ranges::stable_sort(sequences, {}, [](const Sequence& s) { return s.front().address; });
  return sequences;
}

}  // namespace

LineRows::LineRows(std::span<const Row> rows, std::span<const CodeRegion> code) {
  std::vector<Row> sorted;
  for (const Sequence& sequence : sequences_of(rows, code)) {
    if (offsets_.empty()) base_ = sequence.front().address;
    if (std::ranges::is_sorted(sequence, {}, &Row::address)) {
      for (const Row& row : sequence) add(row);
    } else {
      sorted.assign(sequence.begin(), sequence.end());
      std::ranges::stable_sort(sorted, {}, &Row::address);
      for (const Row& row : sorted) add(row);
    }
  }
  offsets_.shrink_to_fit();
  places_.shrink_to_fit();
}

void LineRows::add(const Row& row) {
  // Sequences that overlap are damage: what the first one says holds.
  if (row.address < base_ || row.address - base_ > UINT32_MAX) return;
  const auto offset = static_cast<std::uint32_t>(row.address - base_);
  if (!offsets_.empty() && offset < offsets_.back()) return;
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
