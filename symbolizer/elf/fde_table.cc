#include "symbolizer/elf/fde_table.h"

#include <algorithm>
#include <cstring>

namespace symbolizer {

namespace {

constexpr std::uint32_t kLength64 = 0xffffffff;         // DWARF 5 §7.4: a 64-bit length follows
constexpr std::uint64_t kCieId32 = 0xffffffff;          // .debug_frame, §7.24
constexpr std::uint64_t kCieId64 = 0xffffffffffffffff;  // likewise, 64-bit format
constexpr std::uint64_t kMaxReservedLength = 0xfffffff0;
/// Every letter in use, twice. A CIE is read again for each of its FDEs: this keeps a scan of the
/// section linear.
constexpr std::size_t kLongestAugmentation = 15;

/// The length and id fields that a CIE and an FDE begin with.
struct EntryHeader {
  std::uint64_t next = 0;       ///< Offset of the entry behind this one.
  std::uint64_t id_offset = 0;  ///< Where the id field stands: .eh_frame counts back from there.
  std::uint64_t id = 0;         ///< CIE id, or the FDE's pointer to its CIE.
  std::uint64_t body = 0;       ///< Offset of what follows the id.
  bool is_64 = false;
};

/// None: the end of the section, its terminator, or a length that runs over the end.
std::optional<EntryHeader> read_header(std::span<const std::byte> section, std::uint64_t offset,
                                       bool eh_frame) {
  if (offset >= section.size()) return std::nullopt;
  CfiCursor cursor(section, static_cast<std::size_t>(offset));
  EntryHeader header;
  std::uint64_t length = cursor.u32();
  if (length == kLength64) {
    header.is_64 = true;
    length = cursor.u64();
  } else if (length >= kMaxReservedLength) {
    return std::nullopt;
  }
  header.id_offset = cursor.position();
  if (!cursor.ok() || length == 0 || length > cursor.remaining()) return std::nullopt;
  header.next = header.id_offset + length;
  // In .eh_frame the id has four bytes even where the length has eight.
  header.id = header.is_64 && !eh_frame ? cursor.u64() : cursor.u32();
  header.body = cursor.position();
  if (!cursor.ok() || header.body > header.next) return std::nullopt;
  return header;
}

bool is_cie(const EntryHeader& header, bool eh_frame) {
  if (eh_frame) return header.id == 0;
  return header.id == (header.is_64 ? kCieId64 : kCieId32);
}

}  // namespace

std::uint64_t FdeTable::SearchTable::field(std::size_t position) const {
  std::int32_t value;
  std::memcpy(&value, entries.data() + position, sizeof value);
  return static_cast<std::uint64_t>(std::int64_t{value});
}

FdeTable::FdeTable(const UnwindSections& sections)
    : text_address_(sections.text_address.value()), data_address_(sections.data_address.value()) {
  eh_frame_.section = sections.eh_frame;
  debug_frame_.section = sections.debug_frame;
  debug_frame_.format = Format::kDebugFrame;
  open_search_table(sections.eh_frame_hdr);
}

bool FdeTable::empty() const {
  return eh_frame_.section.bytes.empty() && debug_frame_.section.bytes.empty();
}

// LSB Core, "The .eh_frame_hdr section". Every linker in use writes the table as sdata4 relative
// to the section itself; another encoding is treated as no table.
void FdeTable::open_search_table(const AddressedBytes& hdr) {
  namespace pe = pointer_encoding;
  if (eh_frame_.section.bytes.empty()) return;
  CfiCursor cursor(hdr.bytes);
  const std::uint8_t version = cursor.u8();
  const std::uint8_t frame_encoding = cursor.u8();
  const std::uint8_t count_encoding = cursor.u8();
  const std::uint8_t table_encoding = cursor.u8();
  if (!cursor.ok() || version != 1 || table_encoding != (pe::kDataRelative | pe::kSdata4)) return;
  const PointerBases bases{.section = hdr.address.value(), .text = 0, .data = hdr.address.value()};
  if (frame_encoding != pe::kOmit && !cursor.pointer(frame_encoding, bases)) return;
  if (count_encoding == pe::kOmit) return;
  const auto count = cursor.pointer(count_encoding, bases);
  if (!count || *count == 0 || *count > cursor.remaining() / 8) return;
  search_table_ = SearchTable{.base = hdr.address.value(), .entries = cursor.take(*count * 8)};
}

std::optional<Cie> FdeTable::parse_cie(const Frames& frames, std::uint64_t offset) const {
  const bool eh_frame = frames.format == Format::kEhFrame;
  const auto header = read_header(frames.section.bytes, offset, eh_frame);
  if (!header || !is_cie(*header, eh_frame)) return std::nullopt;
  const auto entry = frames.section.bytes.first(static_cast<std::size_t>(header->next));
  CfiCursor cursor(entry, static_cast<std::size_t>(header->body));
  Cie cie;
  const std::uint8_t version = cursor.u8();
  if (version != 1 && version != 3 && version != 4 && version != 5) return std::nullopt;
  const std::string_view augmentation = cursor.string(kLongestAugmentation);
  if (augmentation == "eh") cursor.u64();  // GCC 2: a pointer to its exception table
  if (version >= 4 && (cursor.u8() != 8 || cursor.u8() != 0)) return std::nullopt;
  cie.code_alignment = cursor.uleb();
  cie.data_alignment = cursor.sleb();
  cie.return_address_register = version == 1 ? cursor.u8() : cursor.uleb();
  if (augmentation.starts_with('z')) {
    cie.has_augmentation_data = true;
    const auto data = cursor.take(cursor.uleb());
    const PointerBases bases{
        .section = frames.section.address.value() + cursor.position() - data.size(),
        .text = text_address_,
        .data = data_address_};
    CfiCursor fields(data);
    // Data of a letter that is not known here ends the list: its size is not known either.
    bool known = true;
    for (const char letter : augmentation.substr(1)) {
      switch (letter) {
        case 'R':
          cie.pointer_encoding = fields.u8();
          break;
        case 'P':
          // The personality routine is often an indirect pointer; only its size matters.
          fields.pointer(fields.u8() & ~pointer_encoding::kIndirect, bases);
          break;
        case 'L':
          fields.u8();
          break;
        case 'S':
          cie.signal_frame = true;
          break;
        case 'B':  // aarch64: return addresses are signed with the B key
        case 'G':  // aarch64: memory tagging of the frame
          break;
        default:
          known = false;
          break;
      }
      if (!known) break;
    }
    if (!fields.ok()) return std::nullopt;
  } else if (!augmentation.empty() && augmentation != "eh") {
    return std::nullopt;  // without 'z' there is no telling where the instructions begin
  }
  if (!cursor.ok()) return std::nullopt;
  cie.instructions = cursor.take(cursor.remaining());
  return cie;
}

const Cie* FdeTable::cie_at(Frames& frames, std::uint64_t offset) const {
  if (frames.cie_offset != offset) {
    const auto cie = parse_cie(frames, offset);
    if (!cie) return nullptr;
    frames.cie = *cie;
    frames.cie_offset = offset;
  }
  return &frames.cie;
}

std::optional<Fde> FdeTable::parse_fde(Frames& frames, std::uint64_t offset) const {
  const bool eh_frame = frames.format == Format::kEhFrame;
  const auto header = read_header(frames.section.bytes, offset, eh_frame);
  if (!header || is_cie(*header, eh_frame)) return std::nullopt;
  std::uint64_t cie_offset = header->id;
  if (eh_frame) {
    if (header->id > header->id_offset) return std::nullopt;
    cie_offset = header->id_offset - header->id;
  }
  const Cie* const cie = cie_at(frames, cie_offset);
  if (cie == nullptr) return std::nullopt;

  const auto entry = frames.section.bytes.first(static_cast<std::size_t>(header->next));
  CfiCursor cursor(entry, static_cast<std::size_t>(header->body));
  Fde fde;
  fde.cie = *cie;
  fde.bases = {
      .section = frames.section.address.value(), .text = text_address_, .data = data_address_};
  const auto start = cursor.pointer(cie->pointer_encoding, fde.bases);
  const auto length =
      cursor.pointer(cie->pointer_encoding & pointer_encoding::kFormatMask, fde.bases);
  if (!start || !length) return std::nullopt;
  if (cie->has_augmentation_data) cursor.take(cursor.uleb());
  fde.start = ModuleAddress(*start);
  fde.length = *length;
  // Code that the linker has dropped keeps its entry in .debug_frame, at address 0.
  if (fde.length == 0 || *start + *length < *start || (!eh_frame && *start == 0)) {
    return std::nullopt;
  }
  if (!cursor.ok()) return std::nullopt;
  fde.bases.section += cursor.position();
  fde.instructions = cursor.take(cursor.remaining());
  return fde;
}

void FdeTable::build_index(Frames& frames) const {
  frames.indexed = true;
  const bool eh_frame = frames.format == Format::kEhFrame;
  std::uint64_t offset = 0;
  while (const auto header = read_header(frames.section.bytes, offset, eh_frame)) {
    if (!is_cie(*header, eh_frame)) {
      if (const auto fde = parse_fde(frames, offset)) {
        frames.index.push_back({.start = fde->start.value(), .offset = offset});
      }
    }
    offset = header->next;
  }
  std::ranges::stable_sort(frames.index, {}, &Frames::Entry::start);
}

std::optional<Fde> FdeTable::entry_of_search_table(std::size_t i) const {
  const std::uint64_t offset = search_table_->fde(i) - eh_frame_.section.address.value();
  auto fde = parse_fde(eh_frame_, offset);
  if (!fde || fde->start.value() != search_table_->start(i)) return std::nullopt;
  return fde;
}

std::optional<Fde> FdeTable::find_by_search_table(ModuleAddress address,
                                                  std::uint64_t slack) const {
  std::size_t low = 0;
  std::size_t high = search_table_->size();
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (search_table_->start(middle) <= address.value()) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == 0) return std::nullopt;
  auto fde = entry_of_search_table(low - 1);
  if (!fde) {
    search_table_.reset();
    return std::nullopt;
  }
  if (address - fde->start >= fde->length + slack) return std::nullopt;
  return fde;
}

std::optional<Fde> FdeTable::find_by_index(Frames& frames, ModuleAddress address,
                                           std::uint64_t slack) const {
  if (frames.section.bytes.empty()) return std::nullopt;
  if (!frames.indexed) build_index(frames);
  auto after = std::ranges::upper_bound(frames.index, address.value(), {}, &Frames::Entry::start);
  if (after == frames.index.begin()) return std::nullopt;
  auto fde = parse_fde(frames, std::prev(after)->offset);
  if (!fde || address - fde->start >= fde->length + slack) return std::nullopt;
  return fde;
}

std::optional<Fde> FdeTable::find(ModuleAddress address, std::uint64_t slack) const {
  std::optional<Fde> fde;
  if (search_table_) fde = find_by_search_table(address, slack);
  // Asked again: the lookup itself drops a table that it found to be wrong.
  if (!search_table_) fde = find_by_index(eh_frame_, address, slack);
  if (fde && fde->contains(address)) return fde;
  auto other = find_by_index(debug_frame_, address, slack);
  if (other && (!fde || other->contains(address))) return other;
  return fde;
}

void FdeTable::for_each(const std::function<bool(const Fde&)>& visit) const {
  if (search_table_) {
    // A wrong entry halfway is left out: those before it have been seen already.
    for (std::size_t i = 0; i < search_table_->size(); ++i) {
      const auto fde = entry_of_search_table(i);
      if (fde && !visit(*fde)) return;
    }
  } else if (!eh_frame_.section.bytes.empty()) {
    if (!eh_frame_.indexed) build_index(eh_frame_);
    for (const Frames::Entry& entry : eh_frame_.index) {
      const auto fde = parse_fde(eh_frame_, entry.offset);
      if (fde && !visit(*fde)) return;
    }
  }
  if (debug_frame_.section.bytes.empty()) return;
  if (!debug_frame_.indexed) build_index(debug_frame_);
  for (const Frames::Entry& entry : debug_frame_.index) {
    const auto fde = parse_fde(debug_frame_, entry.offset);
    if (fde && !visit(*fde)) return;
  }
}

}  // namespace symbolizer
