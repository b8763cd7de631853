// The symbols of a kernel image (vmlinux, or its debug file) as /proc/kallsyms shows them, at the
// addresses that the image is linked to: where the kernel lay in memory is for the caller to say.
//
//   std::string text = vmlinux_symbols(*elf_file);     // "ffffffff81000000 T _stext\n…"
//   Result<KernelSymbols> kernel = KernelSymbols::parse(std::move(text));
//
// Those of modules are not in there. Empty: the file has no symbol table.
#pragma once

#include <string>

#include "symbolizer/elf/elf_file.h"

namespace symbolizer {

[[nodiscard]] std::string vmlinux_symbols(const ElfFile& file);

}  // namespace symbolizer
