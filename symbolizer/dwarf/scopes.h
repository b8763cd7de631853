// What the functions of a unit are declared in: namespaces, types, other functions. For those that
// have no linkage name, which would say so: of local classes, lambdas, unnamed namespaces.
//
//   Scopes scopes(*unit);
//   for (auto at = scopes.around(die_offset); at; at = scopes.around(*at)) …   // innermost first
//
// Made in one walk over the whole unit; an answer is a binary search.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "symbolizer/dwarf/unit.h"

namespace symbolizer {

class Scopes {
 public:
  explicit Scopes(const Unit& unit);

  /// The entry of the innermost scope around the entry at `offset`; none: the unit itself.
  [[nodiscard]] std::optional<std::uint64_t> around(std::uint64_t offset) const;

 private:
  static constexpr std::uint32_t kNone = UINT32_MAX;
  struct Scope {
    std::uint64_t start;   ///< Of its entry.
    std::uint64_t end;     ///< Behind its children.
    std::uint32_t parent;  ///< kNone: the unit.
  };

  std::vector<Scope> scopes_;  ///< By rising start.
};

}  // namespace symbolizer
