// One row of call frame information compiled into 16 bytes: enough for all but a few frames.
//
//   kStep:  cfa = (sp or fp) + cfa_offset
//           ra  = *(cfa + ra_offset)         (or the return address register, in a leaf)
//           fp  = *(cfa + fp_offset)         (if it was saved)
//           sp  = cfa
//
// Not here: expressions, signal frames and CFAs in other registers (kSlow): those take the row.
#pragma once

#include <cstdint>

#include "unwind/cfi_row.h"

namespace profiler::unwind {

struct UnwindRule {
  enum class Kind : std::uint8_t {
    kNone,  ///< No call frame information covers the address.
    kStep,  ///< As above.
    kSlow,  ///< The whole row is needed.
    kEnd,   ///< The return address is undefined: the thread began here.
    kBad,   ///< Malformed.
    kRoot,  ///< The first instruction of a function that a stack made by hand returns to.
  };
  enum Flags : std::uint8_t {
    kCfaFromFramePointer = 1,
    kFramePointerSaved = 2,
    kReturnInRegister = 4,
  };

  Kind kind = Kind::kNone;
  std::uint8_t flags = 0;
  /// Callee-saved registers that the function has saved, so that their values no longer are the
  /// caller's: bit n is DWARF register `first callee-saved + n`.
  std::uint16_t saved = 0;
  std::int32_t cfa_offset = 0;
  std::int32_t ra_offset = 0;
  std::int32_t fp_offset = 0;

  bool operator==(const UnwindRule&) const = default;
};
static_assert(sizeof(UnwindRule) == 16);

/// Compiles a row for the architecture whose register numbers `Registers` holds.
template <class Registers>
[[nodiscard]] UnwindRule compile(const CfiRow& row);

}  // namespace profiler::unwind
