// The identity of a linked file: the descriptor of its NT_GNU_BUILD_ID note.
//
//   BuildId id(std::span(note_descriptor));
//   id.hex();      // "6a1f…", the form under /usr/lib/debug/.build-id
//   if (!id) …     // the file has none
#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace profiler {

/// Up to 20 bytes (SHA-1; longer ids are cut, as the kernel cuts them in MMAP2 records). Empty:
/// none.
class BuildId {
 public:
  static constexpr std::size_t kMaxSize = 20;

  constexpr BuildId() = default;
  explicit BuildId(std::span<const std::byte> bytes)
      : size_(static_cast<std::uint8_t>(std::min(bytes.size(), kMaxSize))) {
    std::copy_n(bytes.begin(), size_, bytes_.begin());
  }

  [[nodiscard]] std::span<const std::byte> bytes() const { return {bytes_.data(), size_}; }
  explicit operator bool() const { return size_ != 0; }

  [[nodiscard]] std::string hex() const {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    for (std::byte b : bytes()) {
      text += kDigits[std::to_integer<unsigned>(b) >> 4];
      text += kDigits[std::to_integer<unsigned>(b) & 15];
    }
    return text;
  }

  auto operator<=>(const BuildId&) const = default;

 private:
  std::array<std::byte, kMaxSize> bytes_{};
  std::uint8_t size_ = 0;
};

}  // namespace profiler

template <>
struct std::hash<profiler::BuildId> {
  std::size_t operator()(const profiler::BuildId& id) const noexcept {
    const auto bytes = id.bytes();
    return std::hash<std::string_view>{}(
        {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
};
