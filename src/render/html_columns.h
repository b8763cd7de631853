// Bytes that the viewer of an HTML page decodes (viewer/payload.js): one field of all rows after
// the other, so that the compressor finds what repeats, in codes that make small numbers of it.
//
//   HtmlColumns columns;
//   columns.number(rows.size());
//   columns.plain(lines);                  // a column
//   columns.take();
//
// A number is DWARF's unsigned LEB128 (version 5, 7.6): seven bits a byte, the lowest first. Signed
// ones are folded onto even and odd ones, as protobuf's sint64 are: 0, -1, 1, -2 are 0, 1, 2, 3.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace profiler::render {

class HtmlColumns {
 public:
  void number(std::uint64_t value) {
    while (value >= 0x80) {
      bytes_ += static_cast<char>((value & 0x7f) | 0x80);
      value >>= 7;
    }
    bytes_ += static_cast<char>(value);
  }
  /// Without its length.
  void raw(std::string_view bytes) { bytes_ += bytes; }

  // Columns, without their length:

  /// Numbers, one after the other: of what is mostly small.
  void plain(std::span<const std::uint32_t> values) {
    for (const std::uint32_t value : values) number(value);
  }
  /// The lowest bytes of all, then the rest as numbers: of what varies by more than a byte, which
  /// compresses to as many bits as it varies by.
  void wide(std::span<const std::uint64_t> values) {
    for (const std::uint64_t value : values) bytes_ += static_cast<char>(value & 0xff);
    for (const std::uint64_t value : values) number(value >> 8);
  }
  /// Signed differences to the largest before (-1 to begin with), wide: of references to rows that
  /// are numbered in the order in which they are referred to, where each new one is a 1.
  void ascending(std::span<const std::uint32_t> values);

  [[nodiscard]] std::string take() { return std::move(bytes_); }

  [[nodiscard]] static std::uint64_t folded(std::int64_t value) {
    return static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63);
  }

 private:
  std::string bytes_;
};

}  // namespace profiler::render
