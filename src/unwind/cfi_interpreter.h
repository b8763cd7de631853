// Runs the call frame instructions of an FDE up to one address. DWARF 5 §6.4.2, with the GNU and
// aarch64 extensions. Does not evaluate expressions (expression.h).
//
//   CfiRow row;
//   if (!find_row(*fde, address, row)) return StackEnd::kBadUnwindInfo;
#pragma once

#include "profiler/address.h"
#include "symbolizer/elf/fde_table.h"
#include "unwind/cfi_row.h"

namespace profiler::unwind {

/// The row of `address`. One behind the FDE's end gets the last row, extended to include it.
/// False: the instructions are malformed, or unknown, before that row is complete.
[[nodiscard]] bool find_row(const symbolizer::Fde& fde, ModuleAddress address, CfiRow& row);

}  // namespace profiler::unwind
