// A bounds-checked reader of little-endian numbers, LEB128 and strings, as the sections of an ELF
// file hold them. Not for records of the kernel.
//
//   ByteCursor cursor(section.bytes, offset);
//   std::uint64_t length = cursor.u32();
//   std::int64_t factor = cursor.sleb();
//   if (!cursor.ok()) return std::nullopt;    // something ran over the end: all reads since gave 0
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace symbolizer {

static_assert(std::endian::native == std::endian::little);

class ByteCursor {
 public:
  explicit ByteCursor(std::span<const std::byte> bytes, std::size_t position = 0)
      : bytes_(bytes), position_(position), ok_(position <= bytes.size()) {}

  /// False once a read has run over the end.
  [[nodiscard]] bool ok() const { return ok_; }
  /// As if a read had run over the end: for what the caller finds impossible.
  void fail() { ok_ = false; }
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

  /// Goes to a position that is not behind the end.
  void seek(std::uint64_t position) {
    if (position > bytes_.size()) {
      fail();
    } else {
      position_ = static_cast<std::size_t>(position);
    }
  }
  void skip(std::uint64_t size) {
    if (size > remaining()) {
      fail();
    } else {
      position_ += static_cast<std::size_t>(size);
    }
  }
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

  std::span<const std::byte> bytes_;
  std::size_t position_ = 0;
  bool ok_ = true;
};

}  // namespace symbolizer
