// The debug information of one ELF file: its units, opened when they are asked for, and the files
// that they share entries with or have left their entries in.
//
//   auto info = DebugInfo::open(elf_file, search);        // null: no .debug_info
//   const Unit* unit = info->unit_at(header_offset);
//   const Unit* split = info->split_unit_of(*unit);       // null: none, or its .dwo is not found
//
// Three kinds of file hang together: the module or its debug file; the alternate file that dwz
// moved what is common to several (.gnu_debugaltlink, DWARF 5's supplementary file); and the .dwo
// and .dwp files of split units. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "symbolizer/dwarf/debug_sections.h"
#include "symbolizer/dwarf/unit.h"
#include "symbolizer/dwarf/unit_header.h"
#include "symbolizer/elf/debug_files.h"
#include "symbolizer/elf/elf_file.h"

namespace symbolizer {

class SplitFiles;

class DebugInfo {
 public:
  /// Null if the file has no debug information, or none that has addresses (a .o, a kernel module).
  /// `search`: where alternate files and .dwo files are looked for besides the usual places.
  static std::unique_ptr<DebugInfo> open(std::shared_ptr<const ElfFile> file,
                                         const DebugFileSearch& search);
  /// The same for a file that only other units refer to.
  DebugInfo(std::shared_ptr<const ElfFile> file, SectionFlavour flavour, DebugFileSearch search);
  ~DebugInfo();
  DebugInfo(const DebugInfo&) = delete;
  DebugInfo& operator=(const DebugInfo&) = delete;

  [[nodiscard]] const DebugSections& sections() const { return store_.sections(); }
  [[nodiscard]] const ElfFile& file() const { return store_.file(); }

  /// All headers, in order of their offsets; read when first asked for.
  [[nodiscard]] const std::vector<UnitHeader>& units();
  /// The unit whose header is at `offset`; null if there is none that can be read. It stays open
  /// until close_units().
  [[nodiscard]] const Unit* unit_at(std::uint64_t offset);
  /// The entry at `offset` of .debug_info, in whichever unit.
  [[nodiscard]] std::optional<DieReference> entry_at(std::uint64_t offset);
  /// The same in the alternate file.
  [[nodiscard]] std::optional<DieReference> alternate_entry_at(std::uint64_t offset);
  [[nodiscard]] std::string_view alternate_string(std::uint64_t offset);

  /// Where the entries of a skeleton are.
  [[nodiscard]] const Unit* split_unit_of(const Unit& skeleton);
  /// In a .dwo or .dwp: the unit whose header is at `offset` of `sections`, which may be a part of
  /// the file's own.
  [[nodiscard]] std::unique_ptr<Unit> open_split_unit(const DebugSections& sections,
                                                      std::uint64_t offset, const Unit& skeleton);

  /// Frees all that was read of units, here and in the files that belong to this one. What they
  /// returned is invalid.
  void close_units();

 private:
  [[nodiscard]] DebugInfo* alternate();
  [[nodiscard]] std::shared_ptr<const Abbreviations> abbreviations_of(const DebugSections& sections,
                                                                      const UnitHeader& header);

  DebugSectionStore store_;
  DebugFileSearch search_;
  std::vector<UnitHeader> units_;
  bool units_read_ = false;
  std::unordered_map<std::uint64_t, std::unique_ptr<Unit>> open_units_;
  /// Shared by units: of LTO and of dwz all have one table.
  std::unordered_map<std::uint64_t, std::pair<UnitFormat, std::shared_ptr<const Abbreviations>>>
      abbreviations_;
  bool alternate_searched_ = false;
  std::unique_ptr<DebugInfo> alternate_;
  std::unique_ptr<SplitFiles> split_files_;
};

}  // namespace symbolizer
