// Reading plain structures out of untrusted bytes, at any alignment.
//
//   Elf64_Ehdr header;
//   if (!read_at(bytes, 0, header)) …                      // too short
//   std::span<const std::byte> part = clip(bytes, offset, size);   // what is there of it
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

namespace symbolizer {

/// Copies the T at `offset` into `value`; false, and nothing copied, if it is not wholly there.
template <class T>
  requires std::is_trivially_copyable_v<T>
[[nodiscard]] bool read_at(std::span<const std::byte> bytes, std::uint64_t offset, T& value) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return false;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return true;
}

/// The part of [offset, offset + size) that `bytes` has.
[[nodiscard]] inline std::span<const std::byte> clip(std::span<const std::byte> bytes,
                                                     std::uint64_t offset, std::uint64_t size) {
  if (offset >= bytes.size()) return {};
  return bytes.subspan(offset, std::min<std::uint64_t>(size, bytes.size() - offset));
}

/// The NUL-terminated string at `offset` of a string table; "" if it does not end within it.
[[nodiscard]] inline std::string_view string_at(std::span<const std::byte> table,
                                                std::uint64_t offset) {
  if (offset >= table.size()) return {};
  const auto* start = reinterpret_cast<const char*>(table.data()) + offset;
  const std::size_t size = strnlen(start, table.size() - offset);
  if (size == table.size() - offset) return {};
  return {start, size};
}

}  // namespace symbolizer
