// Which file and line each address of a unit belongs to, kept small: 12 bytes for each place where
// file or line changes.
//
//   table.run(made);
//   LineRows rows(made, code);
//   LineRows::Place at = rows.find(address);        // {.file = 3, .line = 41}; line 0: not known
//
// The last row at or below an address holds; where several rows have one address, the last written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "symbolizer/dwarf/line_table.h"
#include "symbolizer/elf/function_symbols.h"

namespace symbolizer {

class LineRows {
 public:
  struct Place {
    std::uint32_t file = 0;  ///< As LineTable::file takes it.
    std::uint32_t line = 0;
  };

  /// Sequences that do not begin in `code` are of functions that the linker left out.
  LineRows(std::span<const LineTable::Row> rows, std::span<const CodeRegion> code);

  /// None where the table says nothing.
  [[nodiscard]] std::optional<Place> find(ModuleAddress address) const;
  /// Places that are kept.
  [[nodiscard]] std::size_t size() const { return places_.size(); }

 private:
  static constexpr std::uint32_t kNoFile = UINT32_MAX;  ///< Behind the end of a sequence.

  void add(const LineTable::Row& row);

  std::uint64_t base_ = 0;
  std::vector<std::uint32_t> offsets_;  ///< Address less base_, rising.
  std::vector<Place> places_;
};

}  // namespace symbolizer
