// The sections of debug information of one file, decompressed, by the names that DWARF gives them
// (DWARF 5, 7.3.5 and table 7.1; before that ".debug_ranges").
//
//   DebugSectionStore store(elf_file, SectionFlavour::kPlain);
//   std::span<const std::byte> info = store.sections()[DebugSection::kInfo];   // empty: not there
//
// Those that only debuggers of variables need are left alone: they are a third of the bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "symbolizer/elf/elf_file.h"

namespace symbolizer {

enum class DebugSection : std::uint8_t {
  kInfo,
  kAbbrev,
  kLine,
  kLineStr,
  kStr,
  kStrOffsets,
  kAddr,
  kRanges,    ///< Before DWARF 5.
  kRnglists,  ///< From DWARF 5 on.
  kAranges,
  kCuIndex,  ///< Of a package (.dwp).
};
inline constexpr std::size_t kDebugSectionCount = 11;

class DebugSections {
 public:
  [[nodiscard]] std::span<const std::byte> operator[](DebugSection section) const {
    return bytes_[static_cast<std::size_t>(section)];
  }
  std::span<const std::byte>& operator[](DebugSection section) {
    return bytes_[static_cast<std::size_t>(section)];
  }

 private:
  std::array<std::span<const std::byte>, kDebugSectionCount> bytes_;
};

enum class SectionFlavour : std::uint8_t {
  kPlain,  ///< .debug_info
  kSplit,  ///< .debug_info.dwo: of a .dwo or .dwp file
};

/// True if the file has .debug_info, compressed or not.
[[nodiscard]] bool has_debug_info(const ElfFile& file);

class DebugSectionStore {
 public:
  DebugSectionStore(std::shared_ptr<const ElfFile> file, SectionFlavour flavour);

  /// Lives as long as the store does.
  [[nodiscard]] const DebugSections& sections() const { return sections_; }
  [[nodiscard]] const ElfFile& file() const { return *file_; }

 private:
  std::shared_ptr<const ElfFile> file_;
  std::vector<std::vector<std::byte>> decompressed_;
  DebugSections sections_;
};

}  // namespace symbolizer
