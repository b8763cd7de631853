#include "symbolizer/elf/unwind_sections.h"

#include <elf.h>

#include <algorithm>
#include <cstdint>

#include "symbolizer/elf/bytes.h"

namespace symbolizer {
namespace {

constexpr std::size_t kToSegmentEnd = SIZE_MAX;

/// The section that holds `address`, whether or not it has bytes in this file.
const Section* section_at(const ElfFile& file, ModuleAddress address) {
  const auto sections = file.sections();
  const auto found = std::ranges::find_if(sections, [&](const Section& section) {
    return (section.flags & SHF_ALLOC) != 0 && section.address == address;
  });
  return found == sections.end() ? nullptr : &*found;
}

/// Reads a DW_EH_PE-encoded pointer at `offset` of .eh_frame_hdr (LSB, "DWARF Exception Header
/// Encoding"): the fixed-size formats, absolute, relative to itself or to the header.
std::optional<ModuleAddress> encoded_pointer(const AddressedBytes& hdr, std::uint64_t offset,
                                             std::uint8_t encoding) {
  std::uint64_t value = 0;
  const auto read_as = [&]<class T>(T narrow) {
    if (!read_at(hdr.bytes, offset, narrow)) return false;
    value = static_cast<std::uint64_t>(static_cast<std::int64_t>(narrow));
    return true;
  };
  bool ok = false;
  switch (encoding & 0x0f) {
    case 0x00:  // absptr
    case 0x04:  // udata8
    case 0x0c:  // sdata8
      ok = read_as(std::int64_t{});
      break;
    case 0x02:
      ok = read_as(std::uint16_t{});
      break;
    case 0x03:
      ok = read_as(std::uint32_t{});
      break;
    case 0x0a:
      ok = read_as(std::int16_t{});
      break;
    case 0x0b:
      ok = read_as(std::int32_t{});
      break;
    default:
      break;
  }
  if (!ok) return std::nullopt;
  switch (encoding & 0xf0) {
    case 0x00:
      return ModuleAddress(value);
    case 0x10:  // pcrel
      return hdr.address + offset + value;
    case 0x30:  // datarel
      return hdr.address + value;
    default:
      return std::nullopt;
  }
}

/// What is mapped at `address`; nothing where the section headers say that this file lacks it, as
/// those of separate debug files do.
std::span<const std::byte> mapped_part(const ElfFile& file, ModuleAddress address) {
  if (const Section* section = section_at(file, address); section != nullptr) {
    return section->bytes;
  }
  return file.bytes_at(address, kToSegmentEnd);
}

AddressedBytes of_section(const ElfFile& file, std::string_view name) {
  const Section* section = file.section(name);
  if (section == nullptr) return {};
  return {.address = section->address, .bytes = section->bytes};
}

}  // namespace

UnwindSections find_unwind_sections(const ElfFile& file,
                                    const std::optional<AddressedBytes>& hdr_segment) {
  UnwindSections found;
  if (hdr_segment) {
    const Section* section = section_at(file, hdr_segment->address);
    if (section == nullptr || !section->bytes.empty()) found.eh_frame_hdr = *hdr_segment;
  } else {
    found.eh_frame_hdr = of_section(file, ".eh_frame_hdr");
  }
  // The header: version 1, the encodings of pointer, count and table, then the pointer.
  std::uint32_t head = 0;
  if (read_at(found.eh_frame_hdr.bytes, 0, head) && (head & 0xff) == 1) {
    const auto encoding = static_cast<std::uint8_t>(head >> 8);
    if (const auto address = encoded_pointer(found.eh_frame_hdr, 4, encoding)) {
      found.eh_frame = {.address = *address, .bytes = mapped_part(file, *address)};
    }
  }
  if (found.eh_frame.bytes.empty()) found.eh_frame = of_section(file, ".eh_frame");
  found.debug_frame = of_section(file, ".debug_frame");
  if (found.debug_frame.bytes.empty()) found.debug_frame = of_section(file, ".zdebug_frame");
  if (const Section* text = file.section(".text")) found.text_address = text->address;
  if (const Section* got = file.section(".got")) found.data_address = got->address;
  return found;
}

}  // namespace symbolizer
