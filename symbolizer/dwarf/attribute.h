// The values of attributes: how each DW_FORM is stored (DWARF 5, 7.5.5 and 7.5.6; the GNU forms of
// split and of shared debug information in DWARF 4).
//
//   AttributeValue value = read_value(cursor, spec, format);
//   skip_value(cursor, spec.form, format);
//
// What a value means is up to its unit (unit.h): an offset becomes a string, an index an address.
#pragma once

#include <dwarf.h>

#include <cstddef>
#include <cstdint>

#include "symbolizer/elf/byte_cursor.h"

namespace symbolizer {

/// What the sizes of forms depend on.
struct UnitFormat {
  std::uint16_t version = 0;
  std::uint8_t address_size = 8;
  std::uint8_t offset_size = 4;  ///< 8 in 64-bit DWARF.
  bool operator==(const UnitFormat&) const = default;
};

/// An attribute as an abbreviation declares it.
struct AttributeSpec {
  std::uint16_t name = 0;      ///< DW_AT_*
  std::uint16_t form = 0;      ///< DW_FORM_*
  std::uint32_t constant = 0;  ///< Of DW_FORM_implicit_const, its low bits.
};

struct AttributeValue {
  std::uint16_t form = 0;   ///< 0: the attribute is not there.
  std::uint64_t value = 0;  ///< As stored; of DW_FORM_string its offset in the section.
  explicit operator bool() const { return form != 0; }
};

/// The value at the cursor, which moves behind it. Of blocks only the form. Of an unknown form
/// nothing, and the cursor fails: nobody knows where the next value begins.
[[nodiscard]] AttributeValue read_value(ByteCursor& cursor, const AttributeSpec& spec,
                                        const UnitFormat& format);
void skip_value(ByteCursor& cursor, std::uint16_t form, const UnitFormat& format);

/// Bytes that a form takes; kVariable: that depends on the value.
inline constexpr std::uint8_t kVariable = 0xff;
[[nodiscard]] inline std::uint8_t fixed_size(std::uint16_t form, const UnitFormat& format) {
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
      return kVariable;
  }
}

/// An unsigned number of 4 or 8 bytes.
[[nodiscard]] inline std::uint64_t read_offset(ByteCursor& cursor, std::uint8_t offset_size) {
  return offset_size == 8 ? cursor.u64() : cursor.u32();
}
[[nodiscard]] inline std::uint64_t read_address(ByteCursor& cursor, std::uint8_t address_size) {
  return address_size == 8 ? cursor.u64() : cursor.u32();
}

}  // namespace symbolizer
