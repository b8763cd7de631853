// Finds the call frame information of an ELF file: through PT_GNU_EH_FRAME and the pointer in
// .eh_frame_hdr (LSB, "Exception Frames"), else through the section headers.
//
//   UnwindSections found = find_unwind_sections(file, eh_frame_hdr_segment);
//
// Not here: what the frames say (fde_table.h). A part of ElfFile; others ask unwind_sections().
#pragma once

#include <optional>

#include "symbolizer/elf/elf_file.h"

namespace symbolizer {

/// `hdr_segment`: where PT_GNU_EH_FRAME says .eh_frame_hdr is. `.debug_frame` comes as stored.
[[nodiscard]] UnwindSections find_unwind_sections(const ElfFile& file,
                                                  const std::optional<AddressedBytes>& hdr_segment);

}  // namespace symbolizer
