#include "symbolizer/dwarf/attribute.h"

#include <dwarf.h>

namespace symbolizer {
namespace {

/// Little-endian, of 1 to 8 bytes.
std::uint64_t read_number(ByteCursor& cursor, std::size_t size) {
  std::uint64_t value = 0;
  const auto bytes = cursor.take(size);
  std::memcpy(&value, bytes.data(), std::min(bytes.size(), sizeof value));
  return value;
}

/// How many bytes of contents follow; the cursor is moved behind the length.
std::uint64_t block_length(ByteCursor& cursor, std::uint16_t form) {
  switch (form) {
    case DW_FORM_block1:
      return cursor.u8();
    case DW_FORM_block2:
      return cursor.u16();
    case DW_FORM_block4:
      return cursor.u32();
    default:
      return cursor.uleb();
  }
}

}  // namespace

std::optional<std::size_t> fixed_size(std::uint16_t form, const UnitFormat& format) {
  switch (form) {
    case DW_FORM_flag_present:
    case DW_FORM_implicit_const:
      return 0;
    case DW_FORM_data1:
    case DW_FORM_ref1:
    case DW_FORM_flag:
    case DW_FORM_strx1:
    case DW_FORM_addrx1:
      return 1;
    case DW_FORM_data2:
    case DW_FORM_ref2:
    case DW_FORM_strx2:
    case DW_FORM_addrx2:
      return 2;
    case DW_FORM_strx3:
    case DW_FORM_addrx3:
      return 3;
    case DW_FORM_data4:
    case DW_FORM_ref4:
    case DW_FORM_ref_sup4:
    case DW_FORM_strx4:
    case DW_FORM_addrx4:
      return 4;
    case DW_FORM_data8:
    case DW_FORM_ref8:
    case DW_FORM_ref_sig8:
    case DW_FORM_ref_sup8:
      return 8;
    case DW_FORM_data16:
      return 16;
    case DW_FORM_addr:
      return format.address_size;
    case DW_FORM_ref_addr:
      return format.version <= 2 ? format.address_size : format.offset_size;
    case DW_FORM_strp:
    case DW_FORM_line_strp:
    case DW_FORM_strp_sup:
    case DW_FORM_sec_offset:
    case DW_FORM_GNU_ref_alt:
    case DW_FORM_GNU_strp_alt:
      return format.offset_size;
    default:
      return std::nullopt;
  }
}

AttributeValue read_value(ByteCursor& cursor, const AttributeSpec& spec, const UnitFormat& format) {
  std::uint16_t form = spec.form;
  if (form == DW_FORM_implicit_const) return {.form = form, .value = spec.constant};
  if (form == DW_FORM_indirect) {
    const std::uint64_t actual = cursor.uleb();
    // Its value would be in the abbreviation, or there is no end to it.
    if (actual == DW_FORM_indirect || actual == DW_FORM_implicit_const || actual > UINT16_MAX) {
      cursor.fail();
      return {};
    }
    form = static_cast<std::uint16_t>(actual);
  }
  if (const auto size = fixed_size(form, format)) {
    return {.form = form, .value = form == DW_FORM_flag_present ? 1 : read_number(cursor, *size)};
  }
  switch (form) {
    case DW_FORM_udata:
    case DW_FORM_ref_udata:
    case DW_FORM_strx:
    case DW_FORM_addrx:
    case DW_FORM_rnglistx:
    case DW_FORM_loclistx:
    case DW_FORM_GNU_str_index:
    case DW_FORM_GNU_addr_index:
      return {.form = form, .value = cursor.uleb()};
    case DW_FORM_sdata:
      return {.form = form, .value = static_cast<std::uint64_t>(cursor.sleb())};
    case DW_FORM_string: {
      const std::size_t start = cursor.position();
      static_cast<void>(cursor.string());
      return {.form = form, .value = start};
    }
    case DW_FORM_block:
    case DW_FORM_block1:
    case DW_FORM_block2:
    case DW_FORM_block4:
    case DW_FORM_exprloc:
      cursor.skip(block_length(cursor, form));
      return {.form = form};
    default:
      cursor.fail();
      return {};
  }
}

void skip_value(ByteCursor& cursor, std::uint16_t form, const UnitFormat& format) {
  if (const auto size = fixed_size(form, format)) {
    cursor.skip(*size);
  } else {
    static_cast<void>(read_value(cursor, {.form = form}, format));
  }
}

}  // namespace symbolizer
