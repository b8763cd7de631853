// What one process has mapped, by address: executable mappings only, later ones replace earlier.
//
//   AddressSpace space;
//   space.map({start, end, module, bias});
//   if (const Mapping* m = space.find(ip)) ModuleAddress a = m->to_module(ip);
//
// A plain value type: fork copies it, exec clears it. A copy is cheap: the two share their rows
// until one of them changes (copies of one space stay on one thread). Does no I/O.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "profiler/address.h"
#include "profiler/profile.h"

namespace profiler::process {

/// [start, end) of a process, backed by a module.
struct Mapping {
  RuntimeAddress start;
  RuntimeAddress end;
  ModuleIndex module;
  /// RuntimeAddress minus module address, modulo 2^64 (0 for modules addressed at run time).
  std::uint64_t bias = 0;

  [[nodiscard]] ModuleAddress to_module(RuntimeAddress a) const {
    return ModuleAddress(a.value() - bias);
  }
  bool operator==(const Mapping&) const = default;
};

class AddressSpace {
 public:
  /// A process has no more mappings than this (the kernel's vm.max_map_count is 65530 unless
  /// raised): further ones are ignored.
  static constexpr std::size_t kMaxMappings = std::size_t{1} << 16;
  /// What all copies together may have taken over, so that a few records of forks do not fill the
  /// memory: 128 MiB. A copy beyond that has nothing mapped once it is changed.
  static constexpr std::size_t kMaxCopiedMappings = std::size_t{1} << 22;

  /// Adds a mapping; whatever it overlaps is cut or removed. Ignores an empty or inverted range.
  void map(const Mapping& mapping);
  /// Removes whatever lies in [start, end).
  void unmap(RuntimeAddress start, RuntimeAddress end);
  void clear();
  /// The mapping that holds `address`, or null.
  [[nodiscard]] const Mapping* find(RuntimeAddress address) const;
  /// By start address.
  [[nodiscard]] const std::vector<Mapping>& mappings() const;
  /// Differs after each change, and between any two address spaces except equal copies: a key for
  /// caches of lookups. Never 0 once anything was mapped.
  [[nodiscard]] std::uint64_t generation() const { return generation_; }

 private:
  /// The rows, for writing: no longer shared with a copy.
  std::vector<Mapping>& own();

  std::shared_ptr<std::vector<Mapping>> mappings_;  // Null: none. Shared with copies.
  std::uint64_t generation_ = 0;
};

}  // namespace profiler::process
