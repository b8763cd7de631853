// One unit of debug information, opened: what its entries' values mean, and the entries themselves.
//
//   const Unit* unit = debug_info.unit_containing(offset);
//   Die die = unit->read_die(offset);
//   unit->text(die.name);                        // "grow"
//   if (auto origin = unit->reference(die.origin)) origin->unit->read_die(origin->offset);
//
// A split unit (DWARF 5, 3.1.3; before that GNU's) takes its addresses, and in DWARF 4 its ranges,
// from its skeleton.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "symbolizer/dwarf/abbreviations.h"
#include "symbolizer/dwarf/attribute.h"
#include "symbolizer/dwarf/debug_sections.h"
#include "symbolizer/dwarf/unit_header.h"

namespace symbolizer {

class DebugInfo;
class Unit;

/// Where an entry is that another one refers to.
struct DieReference {
  const Unit* unit = nullptr;
  std::uint64_t offset = 0;  ///< In that unit's .debug_info.
};

/// The attributes of an entry that naming needs (DWARF 5, 2.2). Those it has not are empty.
struct Die {
  const Abbreviation* kind = nullptr;  ///< Null: no entry there.
  std::uint64_t end = 0;               ///< Behind its attributes: where its first child is.
  AttributeValue name;
  AttributeValue linkage_name;
  AttributeValue low_pc;
  AttributeValue high_pc;
  AttributeValue ranges;
  AttributeValue decl_file;
  AttributeValue decl_line;
  AttributeValue call_file;
  AttributeValue call_line;
  AttributeValue origin;         ///< DW_AT_abstract_origin
  AttributeValue specification;  ///< DW_AT_specification
};

class Unit {
 public:
  /// `info` outlives the unit. `skeleton`: of a split unit, else null; outlives it too.
  Unit(DebugInfo& info, const UnitHeader& header, const DebugSections& sections,
       std::shared_ptr<const Abbreviations> abbreviations, const Unit* skeleton);

  [[nodiscard]] const UnitHeader& header() const { return header_; }
  [[nodiscard]] const UnitFormat& format() const { return header_.format; }
  [[nodiscard]] const DebugSections& sections() const { return sections_; }
  [[nodiscard]] const Abbreviations& abbreviations() const { return *abbreviations_; }
  /// Over the unit's part of .debug_info, at `offset` of the section; at its end if that is not in
  /// the unit.
  [[nodiscard]] ByteCursor cursor_at(std::uint64_t offset) const;
  [[nodiscard]] Die read_die(std::uint64_t offset) const;
  /// Moves the cursor, which is behind an entry's code, behind its attributes.
  void skip_attributes(ByteCursor& cursor, const Abbreviation& kind) const;
  /// Where the next sibling of such an entry is; 0: not said. Always further on, within the unit.
  [[nodiscard]] std::uint64_t sibling(const ByteCursor& cursor, const Abbreviation& kind) const;

  /// Empty where the value is no string.
  [[nodiscard]] std::string_view text(const AttributeValue& value) const;
  [[nodiscard]] std::optional<std::uint64_t> address(const AttributeValue& value) const;
  /// The entry that is referred to, in whichever unit or file it is.
  [[nodiscard]] std::optional<DieReference> reference(const AttributeValue& value) const;

  /// What addresses of range lists are relative to: DW_AT_low_pc of the unit.
  [[nodiscard]] std::uint64_t base_address() const { return base_address_; }
  [[nodiscard]] std::uint64_t ranges_base() const { return ranges_base_; }
  [[nodiscard]] std::uint64_t rnglists_base() const { return rnglists_base_; }
  [[nodiscard]] std::optional<std::uint64_t> address_at_index(std::uint64_t index) const;
  [[nodiscard]] std::string_view name() const { return name_; }
  [[nodiscard]] std::uint64_t language() const { return language_; }  ///< DW_LANG_*; 0: not said.
  [[nodiscard]] std::string_view compilation_folder() const { return compilation_folder_; }
  /// Of its line table in .debug_line.
  [[nodiscard]] std::optional<std::uint64_t> line_offset() const { return line_offset_; }
  /// Of a skeleton: the file with the rest, and what must be in it. Empty: no skeleton.
  [[nodiscard]] std::string_view split_name() const { return split_name_; }
  [[nodiscard]] std::uint64_t split_id() const { return split_id_; }
  [[nodiscard]] const Unit* skeleton() const { return skeleton_; }

 private:
  void read_unit_die();
  [[nodiscard]] std::string_view string_in(DebugSection section, std::uint64_t offset) const;

  DebugInfo& info_;
  UnitHeader header_;
  DebugSections sections_;
  std::shared_ptr<const Abbreviations> abbreviations_;
  const Unit* skeleton_;
  std::uint64_t base_address_ = 0;
  std::uint64_t str_offsets_base_ = 0;
  std::uint64_t addr_base_ = 0;
  std::uint64_t ranges_base_ = 0;
  std::uint64_t rnglists_base_ = 0;
  std::string_view name_;
  std::uint64_t language_ = 0;
  std::string_view compilation_folder_;
  std::optional<std::uint64_t> line_offset_;
  std::string_view split_name_;
  std::uint64_t split_id_ = 0;
};

}  // namespace symbolizer
