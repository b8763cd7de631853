#include "symbolizer/dwarf/attribute.h"

#include <dwarf.h>

namespace symbolizer {
namespace {

/// Little-endian, of 1 to 8 bytes.
std::uint64_t read_number(ByteCursor& cursor, std::size_t size) {
  if (size == 4) return cursor.u32();
  if (size == 1) return cursor.u8();
  if (size == 2) return cursor.u16();
  if (size == 8) return cursor.u64();
  std::uint64_t value = 0;
  const auto bytes = cursor.take(size);
  if (!bytes.empty()) std::memcpy(&value, bytes.data(), std::min(bytes.size(), sizeof value));
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
  if (const std::uint8_t size = fixed_size(form, format); size != kVariable) {
    return {.form = form, .value = form == DW_FORM_flag_present ? 1 : read_number(cursor, size)};
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
  if (const std::uint8_t size = fixed_size(form, format); size != kVariable) {
    cursor.skip(size);
  } else {
    static_cast<void>(read_value(cursor, {.form = form}, format));
  }
}

}  // namespace symbolizer
