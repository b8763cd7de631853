// Reads numbers, bytes and strings out of a record whose contents are not trusted.
//
//   ByteCursor cursor(record);
//   std::uint64_t nr = cursor.u64();
//   std::span<const std::uint64_t> ips = cursor.words(nr);
//   if (!cursor.ok()) …          // something above lay outside the record: all of it is zero/empty
//
// Failure is sticky: once a read has gone beyond the end, that and every later read yield zero or
// nothing, so a parser checks once, at its end. Numbers are in the machine's own byte order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace profiler::events {

class ByteCursor {
 public:
  explicit ByteCursor(std::span<const std::byte> bytes) : bytes_(bytes) {}

  [[nodiscard]] bool ok() const { return !failed_; }
  [[nodiscard]] std::size_t position() const { return position_; }
  [[nodiscard]] std::size_t remaining() const { return bytes_.size() - position_; }
  /// Makes every later read fail: the bytes read so far contradict each other.
  void fail() {
    failed_ = true;
    position_ = bytes_.size();
  }

  std::uint64_t u64() { return number<std::uint64_t>(); }
  std::uint32_t u32() { return number<std::uint32_t>(); }
  std::uint16_t u16() { return number<std::uint16_t>(); }
  std::uint8_t u8() { return number<std::uint8_t>(); }
  std::int32_t i32() { return static_cast<std::int32_t>(u32()); }

  /// A plain struct of the kernel's, copied out.
  template <class T>
  T number() {
    T value{};
    const auto source = take(sizeof(T));
    if (!source.empty()) std::memcpy(&value, source.data(), sizeof(T));
    return value;
  }

  /// The next `count` bytes; nothing, and failure, if there are fewer.
  std::span<const std::byte> take(std::uint64_t count) {
    if (failed_ || count > remaining()) {
      fail();
      return {};
    }
    const auto taken = bytes_.subspan(position_, static_cast<std::size_t>(count));
    position_ += taken.size();
    return taken;
  }

  void skip(std::uint64_t count) { take(count); }

  /// The next `count` 8-byte words in place; fails where they are not aligned for that.
  std::span<const std::uint64_t> words(std::uint64_t count) {
    if (failed_ || count > remaining() / 8) {
      fail();
      return {};
    }
    const auto taken = take(count * 8);
    if (reinterpret_cast<std::uintptr_t>(taken.data()) % alignof(std::uint64_t) != 0) {
      fail();
      return {};
    }
    return {reinterpret_cast<const std::uint64_t*>(taken.data()), static_cast<std::size_t>(count)};
  }

  /// Skips `count` words, whatever their number claims to be.
  void skip_words(std::uint64_t count) {
    if (count > remaining() / 8) {
      fail();
    } else {
      skip(count * 8);
    }
  }

  /// All that remains, as a string that ends at its first NUL (or, without one, at the end).
  std::string_view rest_as_string() {
    const auto rest = take(remaining());
    const std::string_view text(reinterpret_cast<const char*>(rest.data()), rest.size());
    return text.substr(0, text.find('\0'));
  }

 private:
  std::span<const std::byte> bytes_;
  std::size_t position_ = 0;
  bool failed_ = false;
};

}  // namespace profiler::events
