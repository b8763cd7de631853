// Fixed-width little-endian integers, as in headers of files.
//
//   put<std::uint32_t>(out, 7);
//   get<std::uint32_t>(bytes, 4);      // from offset 4; the caller has checked that it is there
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace profiler::profile {

template <class Integer>
void put(std::string& out, Integer value) {
  for (unsigned i = 0; i < sizeof(Integer); ++i) {
    out.push_back(static_cast<char>(value & 0xff));
    value = static_cast<Integer>(value >> 8);
  }
}

template <class Integer>
Integer get(std::span<const std::byte> bytes, std::size_t offset) {
  Integer value = 0;
  for (unsigned i = sizeof(Integer); i-- != 0;)
    value = static_cast<Integer>((value << 8) | std::to_integer<Integer>(bytes[offset + i]));
  return value;
}

}  // namespace profiler::profile
