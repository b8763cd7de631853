// A bounds-checked reader of little-endian numbers, LEB128 and the pointer encodings of .eh_frame
// (LSB Core, "DWARF Extensions"). Not for records of the kernel, nor for general DWARF sections.
//
//   CfiCursor cursor(section.bytes, offset);
//   std::uint64_t length = cursor.u32();
//   std::int64_t factor = cursor.sleb();
//   if (!cursor.ok()) return std::nullopt;    // something ran over the end: all reads since gave 0
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>

namespace symbolizer {

static_assert(std::endian::native == std::endian::little);

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

class CfiCursor {
 public:
  explicit CfiCursor(std::span<const std::byte> bytes, std::size_t position = 0)
      : bytes_(bytes), position_(position), ok_(position <= bytes.size()) {}

  /// False once a read has run over the end.
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool at_end() const { return !ok_ || position_ == bytes_.size(); }
  [[nodiscard]] std::size_t position() const { return position_; }
  [[nodiscard]] std::size_t remaining() const { return ok_ ? bytes_.size() - position_ : 0; }

  std::uint8_t u8() { return fixed<std::uint8_t>(); }
  std::uint16_t u16() { return fixed<std::uint16_t>(); }
  std::uint32_t u32() { return fixed<std::uint32_t>(); }
  std::uint64_t u64() { return fixed<std::uint64_t>(); }
  std::int8_t s8() { return fixed<std::int8_t>(); }
  std::int16_t s16() { return fixed<std::int16_t>(); }
  std::int32_t s32() { return fixed<std::int32_t>(); }
  std::int64_t s64() { return fixed<std::int64_t>(); }

  /// Bits beyond the 64th are dropped, as other readers of LEB128 drop them.
  std::uint64_t uleb() {
    // Nearly all are of one byte.
    if (ok_ && position_ < bytes_.size()) {
      const auto byte = static_cast<std::uint8_t>(bytes_[position_]);
      if ((byte & 0x80U) == 0) {
        ++position_;
        return byte;
      }
    }
    return leb(false);
  }
  std::int64_t sleb() { return static_cast<std::int64_t>(leb(true)); }

  /// The next `size` bytes, which are skipped.
  std::span<const std::byte> take(std::uint64_t size) {
    if (size > remaining()) {
      fail();
      return {};
    }
    const auto taken = bytes_.subspan(position_, static_cast<std::size_t>(size));
    position_ += static_cast<std::size_t>(size);
    return taken;
  }

  /// Up to and including the next zero byte; the text is without it. Fails if it is longer than
  /// `longest`.
  std::string_view string(std::size_t longest = SIZE_MAX - 1) {
    const std::size_t available = std::min(remaining(), longest + 1);
    const auto* const start = reinterpret_cast<const char*>(bytes_.data()) + position_;
    const void* const zero = available == 0 ? nullptr : std::memchr(start, 0, available);
    if (zero == nullptr) {
      fail();
      return {};
    }
    const auto length = static_cast<std::size_t>(static_cast<const char*>(zero) - start);
    position_ += length + 1;
    return {start, length};
  }

  /// A pointer in DW_EH_PE_* `encoding`. None: cut off, an encoding that needs memory of the
  /// process (indirect), or one that does not exist.
  std::optional<std::uint64_t> pointer(std::uint8_t encoding, const PointerBases& bases) {
    namespace pe = pointer_encoding;
    const std::uint64_t here = bases.section + position_;
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
    if (!ok_ || (encoding & pe::kIndirect) != 0) return std::nullopt;
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

 private:
  template <class T>
  T fixed() {
    if (remaining() < sizeof(T)) {
      fail();
      return 0;
    }
    T value;
    std::memcpy(&value, bytes_.data() + position_, sizeof value);
    position_ += sizeof value;
    return value;
  }

  std::uint64_t leb(bool is_signed) {
    std::uint64_t value = 0;
    unsigned shift = 0;
    for (;;) {
      const std::uint8_t byte = u8();
      if (!ok_) return 0;
      if (shift < 64) value |= std::uint64_t{byte & 0x7FU} << shift;
      shift += 7;
      if ((byte & 0x80U) != 0) continue;
      if (is_signed && (byte & 0x40U) != 0 && shift < 64) value |= ~std::uint64_t{0} << shift;
      return value;
    }
  }

  void fail() { ok_ = false; }

  std::span<const std::byte> bytes_;
  std::size_t position_ = 0;
  bool ok_ = true;
};

}  // namespace symbolizer
