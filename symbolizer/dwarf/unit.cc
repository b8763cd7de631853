#include "symbolizer/dwarf/unit.h"

#include <dwarf.h>

#include <utility>

#include "symbolizer/dwarf/debug_info.h"
#include "symbolizer/elf/bytes.h"

namespace symbolizer {
namespace {

/// The field of a Die that an attribute belongs into, or null.
AttributeValue* field_of(Die& die, std::uint16_t name) {
  switch (name) {
    case DW_AT_name:
      return &die.name;
    case DW_AT_linkage_name:
    case DW_AT_MIPS_linkage_name:
      return &die.linkage_name;
    case DW_AT_low_pc:
      return &die.low_pc;
    case DW_AT_high_pc:
      return &die.high_pc;
    case DW_AT_ranges:
      return &die.ranges;
    case DW_AT_decl_file:
      return &die.decl_file;
    case DW_AT_decl_line:
      return &die.decl_line;
    case DW_AT_call_file:
      return &die.call_file;
    case DW_AT_call_line:
      return &die.call_line;
    case DW_AT_abstract_origin:
      return &die.origin;
    case DW_AT_specification:
      return &die.specification;
    default:
      return nullptr;
  }
}

/// The length of what stands before the first entry of .debug_str_offsets (DWARF 5, 7.26) and of
/// .debug_rnglists (7.28): where a split unit's parts begin unless it says otherwise.
std::uint64_t str_offsets_header(const UnitFormat& format) {
  return format.version < 5 ? 0 : (format.offset_size == 8 ? 16 : 8);
}
std::uint64_t rnglists_header(const UnitFormat& format) {
  return format.offset_size == 8 ? 20 : 12;
}

}  // namespace

Unit::Unit(DebugInfo& info, const UnitHeader& header, const DebugSections& sections,
           std::shared_ptr<const Abbreviations> abbreviations, const Unit* skeleton)
    : info_(info),
      header_(header),
      sections_(sections),
      abbreviations_(std::move(abbreviations)),
      skeleton_(skeleton) {
  if (skeleton_ != nullptr) {
    sections_[DebugSection::kAddr] = skeleton_->sections_[DebugSection::kAddr];
    addr_base_ = skeleton_->addr_base_;
    base_address_ = skeleton_->base_address_;
    str_offsets_base_ = str_offsets_header(format());
    rnglists_base_ = rnglists_header(format());
    if (format().version < 5) {
      sections_[DebugSection::kRanges] = skeleton_->sections_[DebugSection::kRanges];
      ranges_base_ = skeleton_->ranges_base_;
    }
  }
  read_unit_die();
}

void Unit::read_unit_die() {
  ByteCursor cursor = cursor_at(header_.die_offset);
  const Abbreviation* kind = abbreviations_->find(cursor.uleb());
  if (kind == nullptr) return;
  split_id_ = header_.dwo_id;
  // Strings and addresses may be indexes, and what they count from may come after them.
  AttributeValue low_pc;
  AttributeValue name;
  AttributeValue folder;
  AttributeValue split_name;
  for (const AttributeSpec& spec : abbreviations_->attributes(*kind)) {
    const AttributeValue value = read_value(cursor, spec, format());
    if (!cursor.ok()) break;
    switch (spec.name) {
      case DW_AT_low_pc:
        low_pc = value;
        break;
      case DW_AT_name:
        name = value;
        break;
      case DW_AT_comp_dir:
        folder = value;
        break;
      case DW_AT_language:
        language_ = value.value;
        break;
      case DW_AT_stmt_list:
        line_offset_ = value.value;
        break;
      case DW_AT_str_offsets_base:
        str_offsets_base_ = value.value;
        break;
      case DW_AT_addr_base:
      case DW_AT_GNU_addr_base:
        addr_base_ = value.value;
        break;
      case DW_AT_rnglists_base:
        rnglists_base_ = value.value;
        break;
      case DW_AT_GNU_ranges_base:
        ranges_base_ = value.value;
        break;
      case DW_AT_dwo_name:
      case DW_AT_GNU_dwo_name:
        split_name = value;
        break;
      case DW_AT_GNU_dwo_id:
        split_id_ = value.value;
        break;
      default:
        break;
    }
  }
  if (const auto start = address(low_pc)) base_address_ = *start;
  name_ = text(name);
  compilation_folder_ = text(folder);
  if (skeleton_ != nullptr) {
    if (compilation_folder_.empty()) compilation_folder_ = skeleton_->compilation_folder_;
  } else {
    split_name_ = text(split_name);
  }
}

ByteCursor Unit::cursor_at(std::uint64_t offset) const {
  const auto info = sections_[DebugSection::kInfo];
  const std::uint64_t end = std::min<std::uint64_t>(header_.end, info.size());
  const bool is_inside = offset >= header_.die_offset && offset < end;
  return ByteCursor(info.first(end), is_inside ? offset : end);
}

void Unit::skip_attributes(ByteCursor& cursor, const Abbreviation& kind) const {
  if (kind.fixed_size != Abbreviation::kNone) {
    cursor.skip(kind.fixed_size);
    return;
  }
  const auto attributes = abbreviations_->attributes(kind);
  const auto sizes = abbreviations_->sizes(kind);
  for (std::size_t i = 0; i < attributes.size(); ++i) {
    if (sizes[i] != kVariable) {
      cursor.skip(sizes[i]);
    } else {
      skip_value(cursor, attributes[i].form, format());
    }
  }
}

std::uint64_t Unit::sibling(const ByteCursor& cursor, const Abbreviation& kind) const {
  if (kind.sibling_at == Abbreviation::kNone) return 0;
  std::uint32_t relative = 0;
  if (!read_at(sections_[DebugSection::kInfo], cursor.position() + kind.sibling_at, relative)) {
    return 0;
  }
  const std::uint64_t target = header_.offset + relative;
  return target > cursor.position() && target < header_.end ? target : 0;
}

Die Unit::read_die(std::uint64_t offset) const {
  Die die;
  ByteCursor cursor = cursor_at(offset);
  const Abbreviation* kind = abbreviations_->find(cursor.uleb());
  if (kind == nullptr) return die;
  const auto attributes = abbreviations_->attributes(*kind);
  const auto sizes = abbreviations_->sizes(*kind);
  for (std::size_t i = 0; i < attributes.size(); ++i) {
    if (AttributeValue* field = field_of(die, attributes[i].name)) {
      *field = read_value(cursor, attributes[i], format());
    } else if (sizes[i] != kVariable) {
      cursor.skip(sizes[i]);
    } else {
      skip_value(cursor, attributes[i].form, format());
    }
  }
  if (!cursor.ok()) return {};
  die.kind = kind;
  die.end = cursor.position();
  return die;
}

std::string_view Unit::string_in(DebugSection section, std::uint64_t offset) const {
  return string_at(sections_[section], offset);
}

std::string_view Unit::text(const AttributeValue& value) const {
  switch (value.form) {
    case DW_FORM_string:
      return string_in(DebugSection::kInfo, value.value);
    case DW_FORM_strp:
      return string_in(DebugSection::kStr, value.value);
    case DW_FORM_line_strp:
      return string_in(DebugSection::kLineStr, value.value);
    case DW_FORM_strp_sup:
    case DW_FORM_GNU_strp_alt:
      return info_.alternate_string(value.value);
    case DW_FORM_strx:
    case DW_FORM_strx1:
    case DW_FORM_strx2:
    case DW_FORM_strx3:
    case DW_FORM_strx4:
    case DW_FORM_GNU_str_index: {
      const auto offsets = sections_[DebugSection::kStrOffsets];
      const std::uint8_t size = format().offset_size;
      if (value.value > offsets.size() || str_offsets_base_ > offsets.size()) return {};
      ByteCursor cursor(offsets, str_offsets_base_ + value.value * size);
      const std::uint64_t offset = read_offset(cursor, size);
      return cursor.ok() ? string_in(DebugSection::kStr, offset) : std::string_view();
    }
    default:
      return {};
  }
}

std::optional<std::uint64_t> Unit::address_at_index(std::uint64_t index) const {
  const auto addresses = sections_[DebugSection::kAddr];
  const std::uint8_t size = format().address_size;
  if (index > addresses.size() || addr_base_ > addresses.size()) return std::nullopt;
  ByteCursor cursor(addresses, addr_base_ + index * size);
  const std::uint64_t address = read_address(cursor, size);
  return cursor.ok() ? std::optional(address) : std::nullopt;
}

std::optional<std::uint64_t> Unit::address(const AttributeValue& value) const {
  switch (value.form) {
    case DW_FORM_addr:
      return value.value;
    case DW_FORM_addrx:
    case DW_FORM_addrx1:
    case DW_FORM_addrx2:
    case DW_FORM_addrx3:
    case DW_FORM_addrx4:
    case DW_FORM_GNU_addr_index:
      return address_at_index(value.value);
    default:
      return std::nullopt;
  }
}

std::optional<DieReference> Unit::reference(const AttributeValue& value) const {
  switch (value.form) {
    case DW_FORM_ref1:
    case DW_FORM_ref2:
    case DW_FORM_ref4:
    case DW_FORM_ref8:
    case DW_FORM_ref_udata:
      return DieReference{.unit = this, .offset = header_.offset + value.value};
    case DW_FORM_ref_addr:
      return info_.entry_at(value.value);
    case DW_FORM_ref_sup4:
    case DW_FORM_ref_sup8:
    case DW_FORM_GNU_ref_alt:
      return info_.alternate_entry_at(value.value);
    default:
      return std::nullopt;
  }
}

}  // namespace symbolizer
