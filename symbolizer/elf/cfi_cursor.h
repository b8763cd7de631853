// A ByteCursor that knows the pointer encodings of .eh_frame too (LSB Core, "DWARF Extensions").
//
//   CfiCursor cursor(section.bytes, offset);
//   auto start = cursor.pointer(pointer_encoding::kPcRelative | pointer_encoding::kSdata4, bases);
//   if (!cursor.ok()) return std::nullopt;    // something ran over the end: all reads since gave 0
#pragma once

#include <cstdint>
#include <optional>

#include "symbolizer/elf/byte_cursor.h"

namespace symbolizer {

/// DW_EH_PE_*: the low four bits are the format, the next three what it is relative to.
namespace pointer_encoding {
inline constexpr std::uint8_t kAbsolute = 0x00;
inline constexpr std::uint8_t kUleb128 = 0x01;
inline constexpr std::uint8_t kUdata2 = 0x02;
inline constexpr std::uint8_t kUdata4 = 0x03;
inline constexpr std::uint8_t kUdata8 = 0x04;
inline constexpr std::uint8_t kSleb128 = 0x09;
inline constexpr std::uint8_t kSdata2 = 0x0a;
inline constexpr std::uint8_t kSdata4 = 0x0b;
inline constexpr std::uint8_t kSdata8 = 0x0c;
inline constexpr std::uint8_t kFormatMask = 0x0f;
inline constexpr std::uint8_t kPcRelative = 0x10;
inline constexpr std::uint8_t kTextRelative = 0x20;
inline constexpr std::uint8_t kDataRelative = 0x30;
inline constexpr std::uint8_t kRelationMask = 0x70;
inline constexpr std::uint8_t kIndirect = 0x80;
inline constexpr std::uint8_t kOmit = 0xff;
}  // namespace pointer_encoding

/// What encoded pointers may be relative to.
struct PointerBases {
  std::uint64_t section = 0;  ///< Address of the first byte that the cursor was given.
  std::uint64_t text = 0;
  std::uint64_t data = 0;
};

class CfiCursor : public ByteCursor {
 public:
  using ByteCursor::ByteCursor;

  /// A pointer in DW_EH_PE_* `encoding`. None: cut off, an encoding that needs memory of the
  /// process (indirect), or one that does not exist.
  std::optional<std::uint64_t> pointer(std::uint8_t encoding, const PointerBases& bases) {
    namespace pe = pointer_encoding;
    const std::uint64_t here = bases.section + position();
    std::uint64_t value = 0;
    switch (encoding & pe::kFormatMask) {
      case pe::kAbsolute:
      case pe::kUdata8:
      case pe::kSdata8:
        value = u64();
        break;
      case pe::kUleb128:
        value = uleb();
        break;
      case pe::kUdata2:
        value = u16();
        break;
      case pe::kUdata4:
        value = u32();
        break;
      case pe::kSleb128:
        value = static_cast<std::uint64_t>(sleb());
        break;
      case pe::kSdata2:
        value = static_cast<std::uint64_t>(std::int64_t{s16()});
        break;
      case pe::kSdata4:
        value = static_cast<std::uint64_t>(std::int64_t{s32()});
        break;
      default:
        return std::nullopt;
    }
    if (!ok() || (encoding & pe::kIndirect) != 0) return std::nullopt;
    switch (encoding & pe::kRelationMask) {
      case 0:
        return value;
      case pe::kPcRelative:
        return here + value;
      case pe::kTextRelative:
        return bases.text + value;
      case pe::kDataRelative:
        return bases.data + value;
      default:
        return std::nullopt;
    }
  }
};

}  // namespace symbolizer
