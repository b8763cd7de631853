// An ELF file put together again from the memory of a process that has mapped it: its segments, at
// their places in the file. Section headers, .symtab and debug information are not mapped, so what
// is left are exported symbols, the build id and the unwind table.
//
//   auto file = image_in_memory(mmap_event);       // null: no permission, no ELF file
//
// Needs the permission to trace the process, as a parent has.
#pragma once

#include <memory>

#include "profiler/event.h"
#include "symbolizer/elf/elf_file.h"

namespace profiler::pipeline {

[[nodiscard]] std::shared_ptr<const symbolizer::ElfFile> image_in_memory(const MmapEvent& event);

}  // namespace profiler::pipeline
