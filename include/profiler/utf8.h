// UTF-8 in text from foreign files, which may hold any bytes.
//
//   std::string_view rest = name;
//   while (!rest.empty()) append_utf8(valid, next_code_point(rest));   // always valid UTF-8
//   columns(U'漢');                                                    // 2
//
// Not here: which characters are fit to print (src/render/printable.h), nor quoting for a format.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace profiler {

inline constexpr char32_t kReplacementCharacter = 0xfffd;

/// Takes the first code point off `rest`, which must not be empty. Bytes that are not UTF-8
/// (RFC 3629: overlong, surrogate, beyond U+10FFFF, cut off) are taken one at a time and give
/// U+FFFD.
constexpr char32_t next_code_point(std::string_view& rest) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(rest[i]); };
  const unsigned lead = byte(0);
  std::size_t length = 1;
  char32_t code_point = lead;
  char32_t smallest = 0;
  if (lead >= 0xc2 && lead <= 0xdf) {
    length = 2;
    code_point = lead & 0x1f;
    smallest = 0x80;
  } else if (lead >= 0xe0 && lead <= 0xef) {
    length = 3;
    code_point = lead & 0x0f;
    smallest = 0x800;
  } else if (lead >= 0xf0 && lead <= 0xf4) {
    length = 4;
    code_point = lead & 0x07;
    smallest = 0x10000;
  } else if (lead >= 0x80) {
    code_point = kReplacementCharacter;
  }
  bool valid = length <= rest.size();
  for (std::size_t i = 1; valid && i < length; ++i) {
    valid = (byte(i) & 0xc0) == 0x80;
    code_point = code_point << 6 | (byte(i) & 0x3f);
  }
  if (valid && length > 1) {
    const bool surrogate = code_point >= 0xd800 && code_point <= 0xdfff;
    valid = code_point >= smallest && code_point <= 0x10ffff && !surrogate;
  }
  rest.remove_prefix(valid ? length : 1);
  return valid ? code_point : kReplacementCharacter;
}

inline void append_utf8(std::string& text, char32_t c) {
  const auto put = [&](char32_t bits) { text += static_cast<char>(bits); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xc0 | c >> 6);
    put(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    put(0xe0 | c >> 12);
    put(0x80 | (c >> 6 & 0x3f));
    put(0x80 | (c & 0x3f));
  } else {
    put(0xf0 | c >> 18);
    put(0x80 | (c >> 12 & 0x3f));
    put(0x80 | (c >> 6 & 0x3f));
    put(0x80 | (c & 0x3f));
  }
}

/// Cells that a code point takes in a fixed-width font, roughly as wcwidth: 2 for East Asian wide
/// characters and emoji, 0 for combining marks and variation selectors.
constexpr int columns(char32_t c) {
  if (c < 0x300) return 1;
  const auto in = [c](char32_t first, char32_t last) { return first <= c && c <= last; };
  if (in(0x300, 0x36f) || in(0x483, 0x489) || in(0x1ab0, 0x1aff) || in(0x1dc0, 0x1dff) ||
      in(0x200b, 0x200d) || in(0x20d0, 0x20ff) || in(0xfe00, 0xfe0f) || in(0xfe20, 0xfe2f))
    return 0;
  const bool wide = in(0x1100, 0x115f) || in(0x2e80, 0x303e) || in(0x3041, 0xa4cf) ||
                    in(0xac00, 0xd7a3) || in(0xf900, 0xfaff) || in(0xfe30, 0xfe6f) ||
                    in(0xff00, 0xff60) || in(0xffe0, 0xffe6) || in(0x1f300, 0x1faff) ||
                    in(0x20000, 0x3fffd);
  return wide ? 2 : 1;
}

}  // namespace profiler
