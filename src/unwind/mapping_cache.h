// The last mappings that were looked up, so that most frames need no binary search.
//
//   const process::Mapping* mapping = cache.find(space, address);   // or null
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "process/address_space.h"

namespace profiler::unwind {

class MappingCache {
 public:
  /// The result is valid until the next call.
  [[nodiscard]] const process::Mapping* find(const process::AddressSpace& space,
                                             RuntimeAddress address) {
    // Code of one module lies in a few granules; neighbours of another space take the slot over.
    Slot& slot = slots_[(address.value() >> kGranuleBits ^ space.generation()) % kSlots];
    if (slot.generation == space.generation() && slot.used && slot.mapping.start <= address &&
        address < slot.mapping.end)
      return &slot.mapping;
    const process::Mapping* mapping = space.find(address);
    if (mapping == nullptr) return nullptr;
    slot = {.mapping = *mapping, .generation = space.generation(), .used = true};
    return &slot.mapping;
  }

 private:
  static constexpr unsigned kGranuleBits = 16;
  static constexpr std::size_t kSlots = 256;

  struct Slot {
    process::Mapping mapping;
    std::uint64_t generation = 0;
    bool used = false;
  };
  std::array<Slot, kSlots> slots_{};
};

}  // namespace profiler::unwind
