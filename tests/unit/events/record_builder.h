// Builds records byte by byte, in the order that the comments of linux/perf_event.h give.
//
//   auto record = RecordBuilder(PERF_RECORD_COMM, PERF_RECORD_MISC_COMM_EXEC).i32(7).i32(7)
//                     .string("cc1").finish();
#pragma once

#include <linux/perf_event.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace profiler::events {

class RecordBuilder {
 public:
  explicit RecordBuilder(std::uint32_t type, std::uint16_t misc = 0) { u32(type).u16(misc).u16(0); }

  RecordBuilder& u64(std::uint64_t value) { return append(&value, sizeof value); }
  RecordBuilder& u32(std::uint32_t value) { return append(&value, sizeof value); }
  RecordBuilder& i32(std::int32_t value) { return append(&value, sizeof value); }
  RecordBuilder& u16(std::uint16_t value) { return append(&value, sizeof value); }
  RecordBuilder& u8(std::uint8_t value) { return append(&value, sizeof value); }
  RecordBuilder& bytes(std::span<const std::byte> b) { return append(b.data(), b.size()); }
  /// With its NUL, padded to whole words, as the kernel writes names.
  RecordBuilder& string(std::string_view text) {
    append(text.data(), text.size());
    do {
      u8(0);
    } while (bytes_.size() % 8 != 0);
    return *this;
  }

  [[nodiscard]] std::vector<std::byte> finish() {
    const auto size = static_cast<std::uint16_t>(bytes_.size());
    std::memcpy(bytes_.data() + offsetof(perf_event_header, size), &size, sizeof size);
    return bytes_;
  }

 private:
  RecordBuilder& append(const void* data, std::size_t size) {
    const auto* first = static_cast<const std::byte*>(data);
    bytes_.insert(bytes_.end(), first, first + size);
    return *this;
  }

  std::vector<std::byte> bytes_;
};

}  // namespace profiler::events
