#include "symbolizer/dwarf/unit_header.h"

#include <dwarf.h>

namespace symbolizer {

std::optional<UnitHeader> read_unit_header(std::span<const std::byte> info, std::uint64_t offset) {
  if (offset >= info.size()) return std::nullopt;
  ByteCursor cursor(info, static_cast<std::size_t>(offset));
  UnitHeader header;
  header.offset = offset;
  std::uint64_t length = cursor.u32();
  if (length == 0xffffffff) {
    length = cursor.u64();
    header.format.offset_size = 8;
  }
  if (!cursor.ok() || length > cursor.remaining()) return std::nullopt;
  header.end = cursor.position() + length;

  header.format.version = cursor.u16();
  if (header.format.version < 2 || header.format.version > 5) return header;
  header.type = DW_UT_compile;
  if (header.format.version >= 5) {
    header.type = cursor.u8();
    header.format.address_size = cursor.u8();
    header.abbrev_offset = read_offset(cursor, header.format.offset_size);
    if (header.type == DW_UT_skeleton || header.type == DW_UT_split_compile) {
      header.dwo_id = cursor.u64();
    } else if (header.type == DW_UT_type || header.type == DW_UT_split_type) {
      cursor.skip(8 + std::size_t{header.format.offset_size});
    }
  } else {
    header.abbrev_offset = read_offset(cursor, header.format.offset_size);
    header.format.address_size = cursor.u8();
  }
  header.die_offset = cursor.position();
  const bool is_known_size = header.format.address_size == 4 || header.format.address_size == 8;
  header.is_readable = cursor.ok() && header.die_offset <= header.end && is_known_size;
  return header;
}

}  // namespace symbolizer
