// .gnu_debugdata: an xz-compressed ELF file inside a stripped one, with the symbols of the
// functions that .dynsym does not have (GDB manual, "Debugging information in a special section").
//
//   std::shared_ptr<const ElfFile> more = read_mini_debug_info(file);    // null: none, or damaged
#pragma once

#include <memory>

#include "symbolizer/elf/elf_file.h"

namespace symbolizer {

[[nodiscard]] std::shared_ptr<const ElfFile> read_mini_debug_info(const ElfFile& file);

}  // namespace symbolizer
