// The inverse of ColumnWriter, over bytes that may say anything.
//
//   ColumnReader line(bytes);
//   for (Row& row : rows) row.line = line.next();
//   if (!line.ok() || !line.at_end()) …      // damaged
//
// Past the end, or in an overlong varint, values are 0 and ok() turns false; it never turns back.
// A column that is absent (of a later minor version) reads as zeros and stays ok.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace profiler::profile {

class ColumnReader {
 public:
  ColumnReader() = default;
  explicit ColumnReader(std::string_view bytes)
      : position_(bytes.data()), end_(bytes.data() + bytes.size()), absent_(false) {}

  std::uint64_t next() {
    if (position_ != end_ && static_cast<signed char>(*position_) >= 0)
      return static_cast<unsigned char>(*position_++);
    return next_long();
  }
  std::int64_t next_signed() {
    const std::uint64_t value = next();
    return static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
  }
  std::uint64_t next_delta() {
    last_ += static_cast<std::uint64_t>(next_signed());
    return last_;
  }
  std::uint32_t next_back() {
    const std::uint64_t distance = next();
    if (distance > UINT32_MAX) ok_ = false;
    const auto value = static_cast<std::uint32_t>(highest_next_ - distance);
    if (value >= highest_next_ && value != UINT32_MAX) highest_next_ = value + 1;
    return value;
  }
  std::string_view next_bytes(std::uint64_t size) {
    if (size > static_cast<std::uint64_t>(end_ - position_)) {
      ok_ = false;
      return {};
    }
    const std::string_view bytes(position_, static_cast<std::size_t>(size));
    position_ += size;
    return bytes;
  }

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool at_end() const { return position_ == end_; }
  [[nodiscard]] bool absent() const { return absent_; }
  [[nodiscard]] std::size_t size() const { return static_cast<std::size_t>(end_ - position_); }

 private:
  std::uint64_t next_long() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && position_ != end_; shift += 7) {
      const auto byte = static_cast<unsigned char>(*position_++);
      if (shift == 63 && byte > 1) break;
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    if (!absent_) ok_ = false;
    return 0;
  }

  const char* position_ = nullptr;
  const char* end_ = nullptr;
  std::uint64_t last_ = 0;
  std::uint32_t highest_next_ = 0;
  bool ok_ = true;
  bool absent_ = true;
};

}  // namespace profiler::profile
