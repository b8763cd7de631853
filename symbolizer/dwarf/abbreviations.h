// The abbreviations of a unit: which attributes, in which form, the entries of each kind have
// (DWARF 5, 7.5.3, section .debug_abbrev).
//
//   Abbreviations table(sections[DebugSection::kAbbrev], header.abbrev_offset, header.format);
//   if (const Abbreviation* kind = table.find(cursor.uleb())) use(kind->tag,
//   table.attributes(*kind));
//
// What a walk over many entries asks is worked out here once: how long they are, where the next
// sibling is named.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "symbolizer/dwarf/attribute.h"

namespace symbolizer {

struct Abbreviation {
  static constexpr std::uint16_t kNone = 0xffff;

  std::uint16_t tag = 0;  ///< DW_TAG_*
  bool has_children = false;
  bool has_code = false;  ///< DW_AT_low_pc, DW_AT_high_pc or DW_AT_ranges.
  std::uint16_t attribute_count = 0;
  std::uint16_t fixed_size = kNone;  ///< Of all attributes; kNone: it depends on the entry.
  std::uint16_t sibling_at = kNone;  ///< Where among them a DW_FORM_ref4 DW_AT_sibling stands.
  std::uint32_t first_attribute = 0;
};

class Abbreviations {
 public:
  /// A damaged table ends where the damage begins.
  Abbreviations(std::span<const std::byte> section, std::uint64_t offset, const UnitFormat& format);

  /// Null if there is no such code.
  [[nodiscard]] const Abbreviation* find(std::uint64_t code) const {
    // Compilers count 1, 2, 3, …
    if (code - 1 < dense_) return &kinds_[code - 1];
    return find_sparse(code);
  }
  [[nodiscard]] std::span<const AttributeSpec> attributes(const Abbreviation& kind) const {
    return {attributes_.data() + kind.first_attribute, kind.attribute_count};
  }
  /// Bytes that each of them takes; kVariable: that depends on the entry.
  [[nodiscard]] std::span<const std::uint8_t> sizes(const Abbreviation& kind) const {
    return {sizes_.data() + kind.first_attribute, kind.attribute_count};
  }

 private:
  [[nodiscard]] const Abbreviation* find_sparse(std::uint64_t code) const;

  std::vector<Abbreviation> kinds_;
  std::vector<AttributeSpec> attributes_;
  std::vector<std::uint8_t> sizes_;  ///< Of the same rows.
  std::size_t dense_ = 0;            ///< The codes 1 to dense_ are the first kinds.
  std::unordered_map<std::uint64_t, std::uint32_t> others_;
};

}  // namespace symbolizer
