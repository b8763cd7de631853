// The symbols of a kernel image (vmlinux, or its debug file), those that /proc/kallsyms would show,
// at the addresses that the image is linked to: where the kernel lay in memory is for the caller to
// say.
//
//   KernelSymbols kernel = vmlinux_symbols(*elf_file);
//   kernel.move(text_in_memory - kernel.anchors().text);
//
// Those of modules are not in there. size() is 0: the file has no symbol table.
#pragma once

#include "symbolizer/elf/elf_file.h"
#include "symbolizer/kernel/kernel_symbols.h"

namespace symbolizer {

[[nodiscard]] KernelSymbols vmlinux_symbols(const ElfFile& file);

/// Where its "_text" and "_stext" are linked to; a fraction of the time.
[[nodiscard]] KernelAnchors vmlinux_anchors(const ElfFile& file);

}  // namespace symbolizer
