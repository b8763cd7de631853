// An ELF file opened for reading: its identity, its segments and its bytes by address. Knows no
// DWARF and no symbols; those readers are built on it.
//
//   Result<std::shared_ptr<const ElfFile>> file = ElfFile::open("/usr/lib/…/libc.so.6");
//   file->build_id();
//   file->address_of(FileOffset(0x26000));            // ModuleAddress, through the PT_LOADs
//   file->bytes_at(ModuleAddress(0x27000), 16);       // what is mapped there
//   file->unwind_sections().eh_frame_hdr.bytes;
//
// Every byte is treated as hostile: sizes and offsets are checked against the file. The file is
// mapped, and a file that shrinks afterwards reads as zeros (mapped_file.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "profiler/address.h"
#include "profiler/build_id.h"
#include "profiler/error.h"

namespace symbolizer {

using profiler::BuildId;
using profiler::FileOffset;
using profiler::ModuleAddress;
using profiler::Result;

class MappedFile;

enum class Machine : std::uint8_t { kX86_64, kAarch64, kOther };

/// A PT_LOAD of the program header table, in file order.
struct Segment {
  ModuleAddress address;
  std::uint64_t memory_size = 0;
  FileOffset offset;
  std::uint64_t file_size = 0;  ///< As far as the file has it; of a debug file, as its header says.
  bool executable = false;
};

/// Bytes together with the address at which they are linked. Empty bytes: not there.
struct AddressedBytes {
  ModuleAddress address;
  std::span<const std::byte> bytes;
};

struct Section {
  std::string_view name;
  std::uint32_t type = 0;   ///< SHT_*
  std::uint64_t flags = 0;  ///< SHF_*
  ModuleAddress address;
  std::uint64_t size = 0;  ///< In memory; may be more than `bytes` has.
  /// As in the file (compressed ones still are); empty for NOBITS.
  std::span<const std::byte> bytes;
  std::uint64_t entry_size = 0;
  std::uint32_t link = 0;
  std::uint32_t info = 0;
};

/// Where the call frame information lies. Found through the program headers first
/// (PT_GNU_EH_FRAME), so that a file without section headers has it too.
struct UnwindSections {
  AddressedBytes eh_frame_hdr;
  AddressedBytes eh_frame;     ///< With only program headers: from its start to its segment's end.
  AddressedBytes debug_frame;  ///< Decompressed. Bytes live as long as the ElfFile.
  ModuleAddress text_address;  ///< Base of DW_EH_PE_textrel (0 if none), and of datarel below.
  ModuleAddress data_address;
};

class ElfFile {
 public:
  /// Opens and checks `path`. Error: not readable, not ELF64 little-endian, program headers out of
  /// range. Section headers out of range: a file without sections.
  static Result<std::shared_ptr<const ElfFile>> open(const std::string& path);
  /// The same for a descriptor, which stays the caller's; `name` is for messages.
  static Result<std::shared_ptr<const ElfFile>> open_descriptor(int descriptor, std::string name);
  /// The same for bytes in memory (vdso, .gnu_debugdata), which the file takes over.
  static Result<std::shared_ptr<const ElfFile>> from_memory(std::vector<std::byte> bytes,
                                                            std::string name);
  ~ElfFile();
  ElfFile(const ElfFile&) = delete;
  ElfFile& operator=(const ElfFile&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const BuildId& build_id() const { return build_id_; }
  [[nodiscard]] Machine machine() const { return machine_; }
  [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }
  [[nodiscard]] std::span<const Segment> segments() const { return segments_; }
  [[nodiscard]] std::span<const Section> sections() const { return sections_; }
  /// The first section of that name, or null.
  [[nodiscard]] const Section* section(std::string_view name) const;
  [[nodiscard]] const UnwindSections& unwind_sections() const { return unwind_sections_; }
  /// ET_EXEC, ET_DYN, …
  [[nodiscard]] std::uint16_t type() const { return type_; }
  /// e_entry; 0 if there is none.
  [[nodiscard]] ModuleAddress entry() const { return entry_; }
  /// A separate debug file: symbols and debug information of a module whose code, data and unwind
  /// tables are elsewhere. Its program headers are the module's, but lead to other bytes.
  [[nodiscard]] bool is_debug_only() const { return debug_only_; }
  /// The bytes of PT_DYNAMIC; what they say is in dynamic_section.h.
  [[nodiscard]] std::span<const std::byte> dynamic() const { return dynamic_; }

  /// The address as linked of a byte of the file, if a PT_LOAD maps it (an executable one is
  /// preferred where two do).
  [[nodiscard]] std::optional<ModuleAddress> address_of(FileOffset offset) const;
  [[nodiscard]] std::optional<FileOffset> offset_of(ModuleAddress address) const;
  /// Up to `size` bytes as mapped at `address`; fewer where the segment's file part ends, and none
  /// of a debug file.
  [[nodiscard]] std::span<const std::byte> bytes_at(ModuleAddress address, std::size_t size) const;
  /// Says that a part of bytes() is not needed soon: its memory is given back until it is.
  void release(std::span<const std::byte> part) const;

 private:
  ElfFile() = default;
  static Result<std::shared_ptr<const ElfFile>> of_mapping(
      std::shared_ptr<const MappedFile> mapping, std::string name);
  Result<void> parse();
  void parse_sections(std::uint64_t offset, std::uint64_t count, std::uint64_t names_index);

  std::string path_;
  BuildId build_id_;
  Machine machine_ = Machine::kOther;
  std::uint16_t type_ = 0;
  ModuleAddress entry_;
  bool debug_only_ = false;
  std::span<const std::byte> dynamic_;
  std::shared_ptr<const MappedFile> mapping_;
  std::vector<std::byte> owned_;
  std::span<const std::byte> bytes_;
  std::vector<Segment> segments_;
  std::vector<Section> sections_;
  UnwindSections unwind_sections_;
  std::vector<std::byte> decompressed_debug_frame_;
};

}  // namespace symbolizer
