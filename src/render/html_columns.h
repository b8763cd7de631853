// Bytes that the viewer of an HTML page decodes (viewer/payload.js): numbers as LEB128, so that
// small ones take a byte, one field of all rows after the other, so that the compressor finds what
// repeats.
//
//   HtmlColumns columns;
//   columns.number(rows.size());
//   for (const Row& row : rows) columns.number(row.line);
//   columns.take();
//
// DWARF's LEB128 (version 5, 7.6): seven bits a byte, the lowest first. Signed numbers are folded
// onto even and odd ones, as protobuf's sint64 are, so that -1 takes a byte too.
#pragma once

#include <cstdint>
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
  void signed_number(std::int64_t value) {
    number(static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63));
  }
  /// Without its length.
  void raw(std::string_view bytes) { bytes_ += bytes; }

  [[nodiscard]] std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

}  // namespace profiler::render
