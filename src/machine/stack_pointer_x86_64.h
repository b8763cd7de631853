// Whether an x86-64 instruction leaves the stack pointer where it was, and whether the next one
// follows.
//
//   if (!may_move_rsp(*decode_instruction(code))) …   // surely not
//
// Errs on one side only: what it does not know by heart but names RSP may move it. Calls do not,
// once they have returned, and jumps and returns leave the code that is being read.
#pragma once

#include "machine/instruction_x86_64.h"

namespace profiler::machine {

[[nodiscard]] bool may_move_rsp(const X86Instruction& instruction);
/// A jump that is always taken, a return, an undefined instruction.
[[nodiscard]] bool never_goes_on(const X86Instruction& instruction);

}  // namespace profiler::machine
