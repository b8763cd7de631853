// What an unwinder needs of an ELF file to step from certain addresses, and nothing else: headers,
// the unwind entries of those addresses, a few bytes of code around them.
//
//   std::vector<ModuleAddress> visited = …;            // lookup addresses
//   std::string text = reduced(*elf_file, visited).text();
//
// All that is kept stays where it was: offsets and addresses are those of the original. The search
// table of .eh_frame_hdr has the kept entries only, and what was between them in .eh_frame is one
// entry that says nothing, so that a scan gets from one to the next.
#pragma once

#include <span>

#include "profiler/address.h"
#include "symbolizer/elf/elf_file.h"
#include "tests/offline/sparse_file.h"

namespace profiler::test {

[[nodiscard]] SparseFile reduced(const symbolizer::ElfFile& file,
                                 std::span<const ModuleAddress> visited);

}  // namespace profiler::test
