// The line table of one unit, kept small: 10 bytes for each place where file or line changes.
//
//   LineRows rows(unit_die, code);
//   LineRows::Place at = rows.find(address);        // {"/src/arena.cc", 41}; "" and 0: not known
//
// The last row at or below an address holds; where several rows have one address, the last written.
#pragma once

#include <elfutils/libdw.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "symbolizer/elf/function_symbols.h"

namespace symbolizer {

class LineRows {
 public:
  struct Place {
    std::string_view file;
    std::uint32_t line = 0;
  };

  LineRows(Dwarf_Die* unit_die, std::span<const CodeRegion> code);

  [[nodiscard]] Place find(ModuleAddress address) const;
  /// What libdw decoded for it, and keeps until DebugInfo::restart().
  [[nodiscard]] std::size_t decoded_rows() const { return decoded_rows_; }

 private:
  static constexpr std::uint16_t kNoFile = 0xffff;  ///< After the end of a sequence.

  std::uint64_t base_ = 0;
  std::vector<std::uint32_t> offsets_;  ///< Address less base_, rising.
  std::vector<std::uint32_t> lines_;
  std::vector<std::uint16_t> files_;  ///< Index into names_.
  std::vector<std::string> names_;
  std::size_t decoded_rows_ = 0;
};

}  // namespace symbolizer
