#include "symbolizer/dwarf/line_rows.h"

#include <algorithm>
#include <unordered_map>

#include "symbolizer/dwarf/unit_index.h"

namespace symbolizer {

LineRows::LineRows(Dwarf_Die* unit_die, std::span<const CodeRegion> code) {
  Dwarf_Lines* lines = nullptr;
  if (dwarf_getsrclines(unit_die, &lines, &decoded_rows_) != 0) return;
  // libdw hands out the same string for the same file of a unit.
  std::unordered_map<const char*, std::uint16_t> file_of_name;
  for (std::size_t i = 0; i < decoded_rows_; ++i) {
    Dwarf_Line* row = dwarf_onesrcline(lines, i);
    Dwarf_Addr address = 0;
    bool end_of_sequence = false;
    int line = 0;
    if (row == nullptr || dwarf_lineaddr(row, &address) != 0 ||
        dwarf_lineendsequence(row, &end_of_sequence) != 0 || dwarf_lineno(row, &line) != 0) {
      continue;
    }
    // A sequence may end where its region does.
    if (!is_code(code, end_of_sequence && address > 0 ? address - 1 : address)) continue;
    if (offsets_.empty()) base_ = address;
    if (address < base_ || address - base_ > UINT32_MAX) continue;
    const auto offset = static_cast<std::uint32_t>(address - base_);

    std::uint16_t file = kNoFile;
    if (!end_of_sequence) {
      const char* name = dwarf_linesrc(row, nullptr, nullptr);
      if (name != nullptr && names_.size() < kNoFile) {
        const auto [known, added] =
            file_of_name.try_emplace(name, static_cast<std::uint16_t>(names_.size()));
        if (added) names_.emplace_back(name);
        file = known->second;
      }
    }
    const auto line_number = static_cast<std::uint32_t>(std::max(line, 0));
    if (!offsets_.empty() && offsets_.back() == offset) {
      lines_.back() = line_number;
      files_.back() = file;
    } else if (offsets_.empty() || lines_.back() != line_number || files_.back() != file) {
      offsets_.push_back(offset);
      lines_.push_back(line_number);
      files_.push_back(file);
    }
  }
  offsets_.shrink_to_fit();
  lines_.shrink_to_fit();
  files_.shrink_to_fit();
}

LineRows::Place LineRows::find(ModuleAddress address) const {
  const std::uint64_t offset = address.value() - base_;
  if (address.value() < base_ || offset > UINT32_MAX) return {};
  const auto after = std::ranges::upper_bound(offsets_, static_cast<std::uint32_t>(offset));
  if (after == offsets_.begin()) return {};
  const auto row = static_cast<std::size_t>(after - offsets_.begin()) - 1;
  if (files_[row] == kNoFile) return {};
  return {.file = names_[files_[row]], .line = lines_[row]};
}

}  // namespace symbolizer
