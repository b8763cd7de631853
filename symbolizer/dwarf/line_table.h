// One line table of .debug_line: its files, and the rows that its program makes (DWARF 5, 6.2; from
// version 2 on).
//
//   LineTable table(unit);                         // reads the header only
//   table.file(3);                                 // "/src/arena.cc"
//   table.run(rows);                               // std::vector<LineTable::Row>&
//
// Rows come as the program makes them, sequence by sequence; line_rows.h sorts and keeps them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "symbolizer/dwarf/unit.h"

namespace symbolizer {

class LineTable {
 public:
  struct Row {
    std::uint64_t address = 0;
    std::uint32_t file = 0;
    std::uint32_t line = 0;
    bool ends_sequence = false;  ///< `address` is behind the last instruction.
  };

  /// The unit's own, or its skeleton's. Without one there are no files and no rows. The unit
  /// outlives it.
  explicit LineTable(const Unit& unit);

  /// The path of a file by the number that rows and attributes use, made absolute with the unit's
  /// folder. "": there is no such file. The string stays.
  [[nodiscard]] const std::string& file(std::uint64_t number);
  /// Fills `rows`; what it held before is dropped.
  void run(std::vector<Row>& rows) const;

 private:
  struct Name {
    std::string_view text;
    std::uint64_t folder = 0;
  };
  /// What an entry of a DWARF 5 table consists of: DW_LNCT_* and DW_FORM_*.
  using EntryFormat = std::vector<AttributeSpec>;

  void read_header();
  void read_names_before_5(ByteCursor& cursor);
  [[nodiscard]] EntryFormat read_entry_format(ByteCursor& cursor) const;
  /// Notes where each entry of a DWARF 5 table begins.
  void read_entries(ByteCursor& cursor, const EntryFormat& entry_format,
                    std::vector<std::uint32_t>& positions) const;
  [[nodiscard]] Name entry_at(std::uint32_t position, const EntryFormat& entry_format) const;
  [[nodiscard]] std::string_view folder(std::uint64_t number) const;
  [[nodiscard]] std::optional<Name> name(std::uint64_t number) const;

  const Unit& unit_;
  std::span<const std::byte> bytes_;  ///< The table, from its header's first byte on.
  UnitFormat format_;
  std::size_t program_ = 0;  ///< Offset in bytes_.
  std::uint8_t minimum_instruction_length_ = 1;
  std::uint8_t operations_per_instruction_ = 1;
  std::int8_t line_base_ = 0;
  std::uint8_t line_range_ = 0;  ///< 0: no table.
  std::uint8_t opcode_base_ = 0;
  std::array<std::uint8_t, 256> opcode_lengths_{};
  EntryFormat folder_format_;
  EntryFormat file_format_;
  std::vector<std::uint32_t>
      folders_;  ///< Offsets in bytes_: tables are large, few names are used.
  std::vector<std::uint32_t> files_;
  std::unordered_map<std::uint64_t, std::string> paths_;
};

}  // namespace symbolizer
