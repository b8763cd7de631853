// The vdso of the running kernel (vdso(7)): the ELF image that every process has mapped as
// "[vdso]".
//
//   if (std::shared_ptr<const ElfFile> vdso = running_vdso()) vdso->bytes_at(address, 16);
#pragma once

#include <memory>

#include "symbolizer/elf/elf_file.h"

namespace symbolizer {

/// A copy of this process's own; null where the kernel gives none.
[[nodiscard]] std::shared_ptr<const ElfFile> running_vdso();

}  // namespace symbolizer
