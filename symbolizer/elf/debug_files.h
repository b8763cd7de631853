// Finds the separate debug file of a stripped module (GDB manual, "Debugging Information in
// Separate Files").
//
//   std::shared_ptr<const ElfFile> debug = find_debug_file(*module, {});      // null: none
//
// By build id: DIRECTORY/.build-id/6a/1f….debug. By .gnu_debuglink: next to the module, in .debug/
// there, and under DIRECTORY with the module's own path; such a file is taken only if its build id
// is the module's or, where one of them has none, its CRC is the one in the link.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "symbolizer/elf/elf_file.h"

namespace symbolizer {

/// Where separate debug files are looked for.
struct DebugFileSearch {
  std::vector<std::string> directories = {"/usr/lib/debug"};
};

[[nodiscard]] std::shared_ptr<const ElfFile> find_debug_file(const ElfFile& module,
                                                             const DebugFileSearch& search);

}  // namespace symbolizer
