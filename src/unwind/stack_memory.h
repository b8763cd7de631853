// The copied part of a thread's stack, read by address, and why an address outside it is missing.
//
//   StackMemory stack(stack_pointer, snapshot.bytes, snapshot.requested_bytes);
//   std::uint64_t value;
//   if (!stack.read(address, value)) return stack.why_missing(address);
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "profiler/stack_end.h"

namespace profiler::unwind {

class StackMemory {
 public:
  /// No frame is believed to be larger: an address further than this above the copied bytes does
  /// not come from a stack that was copied too short, but from a wrong register.
  static constexpr std::uint64_t kMaxFrameBytes = 16U << 20U;

  StackMemory(std::uint64_t base, std::span<const std::byte> bytes, std::uint64_t requested)
      : base_(base),
        data_(bytes.data()),
        readable_(bytes.size() < 8 ? 0 : bytes.size() - 7),
        size_(bytes.size()),
        requested_(requested) {}

  [[nodiscard]] std::uint64_t base() const { return base_; }
  [[nodiscard]] std::uint64_t end() const { return base_ + size_; }
  [[nodiscard]] bool contains(std::uint64_t address) const { return address - base_ < readable_; }

  /// The eight bytes at `address`; false if they were not all copied.
  [[nodiscard]] bool read(std::uint64_t address, std::uint64_t& value) const {
    const std::uint64_t offset = address - base_;
    if (offset >= readable_) return false;
    std::memcpy(&value, data_ + offset, sizeof value);
    return true;
  }

  /// That may be read soon. Any address will do.
  void prefetch(std::uint64_t address) const {
    const std::uint64_t offset = address - base_;
    if (offset < readable_) __builtin_prefetch(data_ + offset);
  }

  /// The `size` (1 to 8) bytes at `address`, zero-extended.
  [[nodiscard]] bool read_bytes(std::uint64_t address, unsigned size, std::uint64_t& value) const {
    const std::uint64_t offset = address - base_;
    if (offset >= size_ || size_ - offset < size) return false;
    value = 0;
    std::memcpy(&value, data_ + offset, size);
    return true;
  }

  /// Why `address` could not be read. The stack's mapping is not known, so what lies within a
  /// frame's size above the copy counts as inside it.
  [[nodiscard]] StackEnd why_missing(std::uint64_t address) const {
    constexpr std::uint64_t kPageSize = 4096;
    if (size_ == 0 && requested_ != 0) return StackEnd::kPageNotPresent;
    if (address < base_ || address - base_ >= size_ + kMaxFrameBytes) {
      return StackEnd::kMemoryOutsideStack;
    }
    if (size_ >= requested_) return StackEnd::kDumpTooShort;
    // The kernel copies up to the first page that is not there, or leaves less than a word of it.
    const std::uint64_t into_page = (base_ + size_) % kPageSize;
    const bool at_page_end = into_page == 0 || kPageSize - into_page < sizeof(std::uint64_t);
    return at_page_end ? StackEnd::kPageNotPresent : StackEnd::kMemoryOutsideStack;
  }

 private:
  std::uint64_t base_;
  const std::byte* data_;
  std::uint64_t readable_;  ///< How many offsets eight bytes can be read at.
  std::uint64_t size_;
  std::uint64_t requested_;
};

}  // namespace profiler::unwind
