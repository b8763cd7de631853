// Compiled rules by (module, module address): 32 bytes a slot, direct-mapped, 2 MiB in all. Modules
// never change, so nothing is ever invalidated; a slot is simply taken over by the next address
// that falls on it.
//
//   RuleCache::Slot& slot = cache.slot(module, address);
//   if (!slot.holds(module, address)) slot = {address, module, compile_row_of(address)};
//   use(slot.rule);
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "unwind/unwind_rule.h"

namespace profiler::unwind {

class RuleCache {
 public:
  struct Slot {
    std::uint64_t address = 0;
    std::uint32_t module = kNoModule;
    UnwindRule rule;

    [[nodiscard]] bool holds(std::uint32_t m, std::uint64_t a) const {
      return address == a && module == m;
    }
  };
  static_assert(sizeof(Slot) == 32);

  RuleCache() : slots_(kSlots) {}

  [[nodiscard]] Slot& slot(std::uint32_t module, std::uint64_t address) {
    // Return addresses in one function differ in their low bits: a multiplication spreads them.
    const std::uint64_t hash = (address + (std::uint64_t{module} << 40)) * 0x9e3779b97f4a7c15ULL;
    return slots_[hash >> (64 - kBits)];
  }

 private:
  static constexpr unsigned kBits = 16;
  static constexpr std::size_t kSlots = std::size_t{1} << kBits;
  static constexpr std::uint32_t kNoModule = 0xffffffff;

  std::vector<Slot> slots_;
};

}  // namespace profiler::unwind
