// The header of a unit in .debug_info (DWARF 5, 7.5.1; DWARF 2 to 4 have fewer fields).
//
//   for (std::uint64_t at = 0; auto header = read_unit_header(info, at); at = header->end) …
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "symbolizer/dwarf/attribute.h"

namespace symbolizer {

struct UnitHeader {
  std::uint64_t offset = 0;      ///< In .debug_info.
  std::uint64_t die_offset = 0;  ///< Of its first entry.
  std::uint64_t end = 0;         ///< Where the next unit begins.
  std::uint64_t abbrev_offset = 0;
  std::uint64_t dwo_id = 0;  ///< Of skeletons and split units from DWARF 5 on.
  std::uint8_t type = 0;     ///< DW_UT_*; DW_UT_compile where the version has none.
  UnitFormat format;
  /// False: of a version or with addresses that nobody knows. Only offset and end hold then.
  bool is_readable = false;
};

/// None: there is no unit that can be read at `offset`, and no way to find the next one.
[[nodiscard]] std::optional<UnitHeader> read_unit_header(std::span<const std::byte> info,
                                                         std::uint64_t offset);

}  // namespace symbolizer
