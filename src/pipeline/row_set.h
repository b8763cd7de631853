// A hash set of row numbers of a table that somebody else owns: finds the row that equals a key
// without storing the key twice. 16 bytes a slot, at most 3/4 full.
//
//   RowSet frames;
//   uint32_t row = frames.find_or_insert(hash, [&](uint32_t r) { return table[r] == key; },
//                                        [&] { return table.push_back(key).row(); });
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace profiler::pipeline {

/// Spreads the bits of `x` (the finalizer of MurmurHash3, in the public domain).
constexpr std::uint64_t mix(std::uint64_t x) {
  x ^= x >> 33;
  x *= 0xff51afd7ed558ccdULL;
  x ^= x >> 33;
  x *= 0xc4ceb9fe1a85ec53ULL;
  return x ^ (x >> 33);
}

class RowSet {
 public:
  /// The row for which `equals(row)` holds, else `insert()`, which makes a new one. `hash` is the
  /// key's; its low bits must be well spread (see mix()).
  template <class Equals, class Insert>
  std::uint32_t find_or_insert(std::uint64_t hash, Equals equals, Insert insert) {
    if ((size_ + 1) * 4 > slots_.size() * 3) grow();
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t i = hash & mask;; i = (i + 1) & mask) {
      Slot& slot = slots_[i];
      if (slot.row == kEmpty) {
        slot = {.row = insert(), .hash = hash};
        ++size_;
        return slot.row;
      }
      if (slot.hash == hash && equals(slot.row)) return slot.row;
    }
  }

 private:
  static constexpr std::uint32_t kEmpty = std::numeric_limits<std::uint32_t>::max();

  struct Slot {
    std::uint32_t row = kEmpty;
    std::uint64_t hash = 0;  ///< Whole: most comparisons and all growing need no key.
  };

  void grow() {
    std::vector<Slot> old(slots_.empty() ? 64 : slots_.size() * 2);
    old.swap(slots_);
    const std::size_t mask = slots_.size() - 1;
    for (const Slot& slot : old) {
      if (slot.row == kEmpty) continue;
      std::size_t i = slot.hash & mask;
      while (slots_[i].row != kEmpty) i = (i + 1) & mask;
      slots_[i] = slot;
    }
  }

  std::vector<Slot> slots_;
  std::size_t size_ = 0;
};

}  // namespace profiler::pipeline
