// How a function will return, read from its instructions: for code that was generated at run time,
// of which there are neither call frame information nor, at times, frame pointers.
//
//   CfiRow row;
//   if (x86_64::row_of_way_out(code, address, row)) …    // as if it had been described
//
// Follows the instructions from where execution goes on to the function's return, with calls as if
// they had returned and conditional jumps not taken: what they pop is what lies above. No more than
// a few dozen instructions; anything that it does not know by heart ends the attempt.
#pragma once

#include <cstddef>
#include <span>

#include "profiler/address.h"
#include "unwind/cfi_row.h"

namespace profiler::unwind {

/// Where the instructions of code that is in no file are read.
class CodeSource {
 public:
  virtual ~CodeSource() = default;
  /// Some bytes from `address` on; empty if they are not to be had. Valid until the next call.
  [[nodiscard]] virtual std::span<const std::byte> code_at(RuntimeAddress address) = 0;
};

namespace x86_64 {
/// `code`: from where execution goes on. `address`: what the row is to be good for.
[[nodiscard]] bool row_of_way_out(std::span<const std::byte> code, ModuleAddress address,
                                  CfiRow& row);
}  // namespace x86_64

}  // namespace profiler::unwind
