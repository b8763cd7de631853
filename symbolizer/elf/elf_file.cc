#include "symbolizer/elf/elf_file.h"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "symbolizer/elf/build_id_note.h"
#include "symbolizer/elf/bytes.h"
#include "symbolizer/elf/compressed_section.h"
#include "symbolizer/elf/mapped_file.h"
#include "symbolizer/elf/unwind_sections.h"

namespace symbolizer {
namespace {

using profiler::Error;

/// More PT_LOADs than any linker writes: a bound on the work of one address look-up.
constexpr std::size_t kMaxLoads = 1024;
/// Mappings start and end on pages, of up to 64 KiB on aarch64; 4 KiB is what all of them share.
constexpr std::uint64_t kPage = 4096;

Machine machine_of(std::uint16_t e_machine) {
  switch (e_machine) {
    case EM_X86_64:
      return Machine::kX86_64;
    case EM_AARCH64:
      return Machine::kAarch64;
    default:
      return Machine::kOther;
  }
}

/// Section 0 holds the counts that do not fit the ELF header (gABI, "Extended numbering").
Elf64_Shdr first_section_header(std::span<const std::byte> bytes, const Elf64_Ehdr& header) {
  Elf64_Shdr first = {};
  if (header.e_shoff == 0 || !read_at(bytes, header.e_shoff, first)) return {};
  return first;
}

bool holds(std::uint64_t start, std::uint64_t size, std::uint64_t value) {
  return value >= start && value - start < size;
}

/// Whether all code that the sections speak of is somewhere else.
bool lacks_code(std::span<const Section> sections) {
  bool lacks = false;
  for (const Section& section : sections) {
    if ((section.flags & SHF_EXECINSTR) == 0 || section.size == 0) continue;
    if (section.type != SHT_NOBITS) return false;
    lacks = true;
  }
  return lacks;
}

}  // namespace

Result<std::shared_ptr<const ElfFile>> ElfFile::open(const std::string& path) {
  auto mapping = MappedFile::open(path);
  if (!mapping) return std::unexpected(mapping.error());
  return of_mapping(*std::move(mapping), path);
}

Result<std::shared_ptr<const ElfFile>> ElfFile::open_descriptor(int descriptor, std::string name) {
  auto mapping = MappedFile::of_descriptor(descriptor, name);
  if (!mapping) return std::unexpected(mapping.error());
  return of_mapping(*std::move(mapping), std::move(name));
}

Result<std::shared_ptr<const ElfFile>> ElfFile::of_mapping(
    std::shared_ptr<const MappedFile> mapping, std::string name) {
  std::shared_ptr<ElfFile> file(new ElfFile);
  file->path_ = std::move(name);
  file->bytes_ = mapping->bytes();
  file->mapping_ = std::move(mapping);
  if (auto parsed = file->parse(); !parsed) return std::unexpected(parsed.error());
  return file;
}

Result<std::shared_ptr<const ElfFile>> ElfFile::from_memory(std::vector<std::byte> bytes,
                                                            std::string name) {
  std::shared_ptr<ElfFile> file(new ElfFile);
  file->path_ = std::move(name);
  file->owned_ = std::move(bytes);
  file->bytes_ = file->owned_;
  if (auto parsed = file->parse(); !parsed) return std::unexpected(parsed.error());
  return file;
}

ElfFile::~ElfFile() = default;

Result<void> ElfFile::parse() {
  const auto failure = [&](std::string what, std::uint64_t offset) {
    return std::unexpected(Error{.what = std::move(what), .path = path_, .offset = offset});
  };
  Elf64_Ehdr header;
  if (!read_at(bytes_, 0, header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) {
    return failure("not an ELF file", 0);
  }
  if (header.e_ident[EI_CLASS] != ELFCLASS64) {
    return failure("not a 64-bit ELF file", EI_CLASS);
  }
  if (header.e_ident[EI_DATA] != ELFDATA2LSB) {
    return failure("not a little-endian ELF file", EI_DATA);
  }
  machine_ = machine_of(header.e_machine);
  type_ = header.e_type;
  entry_ = ModuleAddress(header.e_entry);

  const Elf64_Shdr first = first_section_header(bytes_, header);
  const std::uint64_t segment_count = header.e_phnum == PN_XNUM ? first.sh_info : header.e_phnum;
  std::vector<std::span<const std::byte>> notes;
  std::vector<std::uint64_t> sizes_in_header;
  std::optional<AddressedBytes> eh_frame_hdr;
  if (segment_count != 0) {
    const auto table = clip(bytes_, header.e_phoff, segment_count * sizeof(Elf64_Phdr));
    if (header.e_phentsize != sizeof(Elf64_Phdr) ||
        table.size() != segment_count * sizeof(Elf64_Phdr)) {
      return failure("program headers lie outside the file", header.e_phoff);
    }
    for (std::uint64_t i = 0; i < segment_count; ++i) {
      Elf64_Phdr segment;
      std::memcpy(&segment, table.data() + i * sizeof segment, sizeof segment);
      const auto contents = clip(bytes_, segment.p_offset, segment.p_filesz);
      if (segment.p_type == PT_NOTE) notes.push_back(contents);
      if (segment.p_type == PT_DYNAMIC) dynamic_ = contents;
      if (segment.p_type == PT_GNU_EH_FRAME && !eh_frame_hdr) {
        eh_frame_hdr = {.address = ModuleAddress(segment.p_vaddr), .bytes = contents};
      }
      if (segment.p_type != PT_LOAD) continue;
      if (segments_.size() == kMaxLoads) return failure("too many segments", header.e_phoff);
      segments_.push_back({.address = ModuleAddress(segment.p_vaddr),
                           .memory_size = segment.p_memsz,
                           .offset = FileOffset(segment.p_offset),
                           .file_size = contents.size(),
                           .executable = (segment.p_flags & PF_X) != 0});
      sizes_in_header.push_back(segment.p_filesz);
    }
  }

  // A file without usable section headers is a file without sections, no error: the loader does
  // not need them either, and a file that was cut short has lost them first.
  if (header.e_shoff != 0 && header.e_shentsize == sizeof(Elf64_Shdr)) {
    parse_sections(header.e_shoff, header.e_shnum == 0 ? first.sh_size : header.e_shnum,
                   header.e_shstrndx == SHN_XINDEX ? first.sh_link : header.e_shstrndx);
  }

  for (const Section& section : sections_) {
    if (section.type == SHT_NOTE) notes.push_back(section.bytes);
  }
  for (const auto& note : notes) {
    build_id_ = build_id_in_notes(note);
    if (build_id_) break;
  }

  debug_only_ = lacks_code(sections_);
  if (debug_only_) {
    dynamic_ = {};
    eh_frame_hdr.reset();
    for (std::size_t i = 0; i < segments_.size(); ++i) segments_[i].file_size = sizes_in_header[i];
  }

  unwind_sections_ = find_unwind_sections(*this, eh_frame_hdr);
  const Section* debug_frame = section(".debug_frame");
  if (debug_frame == nullptr) debug_frame = section(".zdebug_frame");
  if (debug_frame != nullptr && is_compressed(*debug_frame)) {
    unwind_sections_.debug_frame.bytes = {};
    if (auto contents = decompress(*debug_frame)) {
      decompressed_debug_frame_ = *std::move(contents);
      unwind_sections_.debug_frame.bytes = decompressed_debug_frame_;
    }
  }
  return {};
}

void ElfFile::parse_sections(std::uint64_t offset, std::uint64_t count, std::uint64_t names_index) {
  const auto table = clip(bytes_, offset, UINT64_MAX);
  if (count > table.size() / sizeof(Elf64_Shdr)) return;
  sections_.reserve(count);
  std::span<const std::byte> names;
  Elf64_Shdr header;
  if (names_index < count && read_at(table, names_index * sizeof header, header) &&
      header.sh_type == SHT_STRTAB) {
    names = clip(bytes_, header.sh_offset, header.sh_size);
  }
  for (std::uint64_t i = 0; i < count; ++i) {
    std::memcpy(&header, table.data() + i * sizeof header, sizeof header);
    const bool has_bytes = header.sh_type != SHT_NOBITS && header.sh_type != SHT_NULL;
    sections_.push_back({.name = string_at(names, header.sh_name),
                         .type = header.sh_type,
                         .flags = header.sh_flags,
                         .address = ModuleAddress(header.sh_addr),
                         .size = header.sh_size,
                         .bytes = has_bytes ? clip(bytes_, header.sh_offset, header.sh_size)
                                            : std::span<const std::byte>{},
                         .entry_size = header.sh_entsize,
                         .link = header.sh_link,
                         .info = header.sh_info});
  }
}

const Section* ElfFile::section(std::string_view name) const {
  const auto found =
      std::ranges::find_if(sections_, [&](const Section& section) { return section.name == name; });
  return found == sections_.end() ? nullptr : &*found;
}

std::optional<ModuleAddress> ElfFile::address_of(FileOffset offset) const {
  // 0: in the file part of a segment; 1: in a page that is mapped for a segment's sake.
  for (const bool whole_pages : {false, true}) {
    const Segment* best = nullptr;
    for (const Segment& segment : segments_) {
      const std::uint64_t before = whole_pages ? segment.offset.value() % kPage : 0;
      const std::uint64_t start = segment.offset.value() - before;
      std::uint64_t size = segment.file_size + before;
      if (whole_pages) size = (size + kPage - 1) & ~(kPage - 1);
      if (!holds(start, size, offset.value())) continue;
      if (best == nullptr || (segment.executable && !best->executable)) best = &segment;
    }
    if (best != nullptr) return best->address + (offset - best->offset);
  }
  return std::nullopt;
}

std::optional<FileOffset> ElfFile::offset_of(ModuleAddress address) const {
  for (const Segment& segment : segments_) {
    if (holds(segment.address.value(), segment.file_size, address.value())) {
      return segment.offset + (address - segment.address);
    }
  }
  return std::nullopt;
}

void ElfFile::release(std::span<const std::byte> part) const {
  if (mapping_ != nullptr) mapping_->release(part);
}

std::span<const std::byte> ElfFile::bytes_at(ModuleAddress address, std::size_t size) const {
  if (debug_only_) return {};
  for (const Segment& segment : segments_) {
    const std::uint64_t into = address - segment.address;
    if (!holds(segment.address.value(), segment.file_size, address.value())) continue;
    return clip(bytes_, segment.offset.value() + into,
                std::min<std::uint64_t>(size, segment.file_size - into));
  }
  return {};
}

}  // namespace symbolizer
