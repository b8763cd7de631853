// libdw opened on the debug information of one ELF file. The one place that knows how libdw is set
// up; what it says is read by unit_index.h, line_rows.h and function_tree.h.
//
//   std::unique_ptr<DebugInfo> info = DebugInfo::open(file);     // null: no .debug_info
//   dwarf_offdie(info->dwarf(), offset, &die);
//
// libdw keeps whatever it ever decoded, at 81 bytes for a row of a line table. So its readers copy
// what they need and keep only DIE offsets, and restart() drops the rest.
#pragma once

#include <elfutils/libdw.h>

#include <cstddef>
#include <memory>
#include <vector>

#include "symbolizer/elf/elf_file.h"

namespace symbolizer {

[[nodiscard]] bool has_debug_info(const ElfFile& file);

class DebugInfo {
 public:
  /// Null if the file has no debug information, or libdw refuses it.
  static std::unique_ptr<DebugInfo> open(std::shared_ptr<const ElfFile> file);
  ~DebugInfo();
  DebugInfo(const DebugInfo&) = delete;
  DebugInfo& operator=(const DebugInfo&) = delete;

  [[nodiscard]] Dwarf* dwarf() const { return dwarf_; }
  /// Frees what libdw has decoded. Every Dwarf_Die and string from before is invalid; offsets stay.
  /// False if the file cannot be opened again: dwarf() is null from then on.
  bool restart();

 private:
  DebugInfo() = default;
  void close();

  std::shared_ptr<const ElfFile> file_;
  /// An ELF image with the debug sections alone, where those of the file are compressed.
  std::vector<std::byte> image_;
  Elf* elf_ = nullptr;
  Dwarf* dwarf_ = nullptr;
};

}  // namespace symbolizer
