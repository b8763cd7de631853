// Compiled rules by (module, module address): 32 bytes a rule, two in each set, 2 MiB in all.
// Modules never change, so nothing is ever invalidated; of three addresses that fall on one set,
// the one that came first makes room.
//
//   const RuleCache::Entry* entry = cache.find(module, address);
//   if (entry == nullptr) entry = &cache.add(module, address, compile_row_of(address));
//   use(entry->rule);
//
// An entry remembers which other one the last walk went on to: fetched early, it is in the
// processor's nearest cache by the time that the caller's address is known.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "unwind/unwind_rule.h"

namespace profiler::unwind {

class RuleCache {
 public:
  struct Entry {
    std::uint64_t address = 0;
    std::uint32_t module = kNoModule;
    std::uint32_t caller = 0;  ///< The number of the last caller's entry. Only a guess.
    UnwindRule rule;

    [[nodiscard]] bool holds(std::uint32_t m, std::uint64_t a) const {
      return address == a && module == m;
    }
  };
  static_assert(sizeof(Entry) == 32);

  RuleCache() : sets_(kSets) {}

  /// Null: not there. Valid until something is added.
  [[nodiscard]] Entry* find(std::uint32_t module, std::uint64_t address) {
    Set& set = set_of(module, address);
    if (set[0].holds(module, address)) [[likely]]
      return set.data();
    return set[1].holds(module, address) ? &set[1] : nullptr;
  }
  /// For what find() does not find.
  Entry& add(std::uint32_t module, std::uint64_t address, const UnwindRule& rule) {
    Set& set = set_of(module, address);
    set[1] = set[0];
    set[0] = {.address = address, .module = module, .caller = 0, .rule = rule};
    return set[0];
  }

  void prefetch_caller(const Entry& callee) const {
    __builtin_prefetch(sets_.front().data() + callee.caller);
  }
  void set_caller(Entry& callee, const Entry& caller) const {
    callee.caller = static_cast<std::uint32_t>(&caller - sets_.front().data());
  }

 private:
  /// One line of the processor's cache.
  struct alignas(64) Set : std::array<Entry, 2> {};
  static constexpr unsigned kBits = 15;
  static constexpr std::size_t kSets = std::size_t{1} << kBits;
  static constexpr std::uint32_t kNoModule = 0xffffffff;

  Set& set_of(std::uint32_t module, std::uint64_t address) {
    // Return addresses in one function differ in their low bits: a multiplication spreads them.
    const std::uint64_t hash = (address + (std::uint64_t{module} << 40)) * 0x9e3779b97f4a7c15ULL;
    return sets_[hash >> (64 - kBits)];
  }

  std::vector<Set> sets_;
};

}  // namespace profiler::unwind
