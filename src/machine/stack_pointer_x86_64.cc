#include "machine/stack_pointer_x86_64.h"

#include <algorithm>
#include <cstdint>
#include <initializer_list>

namespace profiler::machine {
namespace {

constexpr std::uint8_t kRsp = 4;

bool is_any_of(std::uint8_t opcode, std::initializer_list<std::uint8_t> list) {
  return std::ranges::find(list, opcode) != list.end();
}

bool rm_is_rsp(const X86Instruction& in) { return in.has_modrm && !in.memory && in.rm == kRsp; }

bool names_rsp(const X86Instruction& in) {
  return rm_is_rsp(in) || (in.has_modrm && in.reg == kRsp);
}

bool primary_may(const X86Instruction& in) {
  const std::uint8_t opcode = in.opcode;
  if (opcode >= 0x50 && opcode <= 0x5f) return true;  // push, pop
  // push imm, pop r/m, pushf, popf, enter, leave, far returns
  if (is_any_of(opcode, {0x68, 0x6a, 0x8f, 0x9c, 0x9d, 0xc8, 0xc9, 0xca, 0xcb, 0xcf})) return true;
  if (opcode >= 0xd8 && opcode <= 0xdf) return false;                         // x87
  if (is_any_of(opcode, {0x38, 0x39, 0x3a, 0x3b, 0x84, 0x85})) return false;  // cmp, test
  if (in.has_modrm && (opcode < 0x3c || (opcode >= 0x88 && opcode <= 0x8b))) {
    // Arithmetic and mov: bit 1 says which operand is the destination.
    return (opcode & 2U) != 0 ? in.reg == kRsp : rm_is_rsp(in);
  }
  // Where ModRM.reg is part of the opcode.
  if (opcode == 0xff) return in.reg == 6 || in.reg == 3 || in.reg == 5 || rm_is_rsp(in);
  if (is_any_of(opcode, {0x80, 0x81, 0x83}) && in.reg == 7) return false;  // cmp
  if (is_any_of(opcode, {0x80, 0x81, 0x83, 0xc0, 0xc1, 0xc6, 0xc7, 0xd0, 0xd1, 0xd2, 0xd3, 0xf6,
                         0xf7, 0xfe})) {
    return rm_is_rsp(in);
  }
  if (in.has_modrm) return names_rsp(in);
  // xchg with RAX, mov of a constant
  const bool register_in_opcode =
      (opcode >= 0x90 && opcode <= 0x97) || (opcode >= 0xb0 && opcode <= 0xbf);
  return register_in_opcode && in.op_reg == kRsp;
}

bool may_0f(const X86Instruction& in) {
  const std::uint8_t opcode = in.opcode;
  // push and pop of FS and GS, sysenter and sysexit
  if (is_any_of(opcode, {0xa0, 0xa1, 0xa8, 0xa9, 0x34, 0x35})) return true;
  if (opcode >= 0xc8 && opcode <= 0xcf) return in.op_reg == kRsp;  // bswap
  // Elsewhere the operands are vectors: conditional moves and sets, bit operations, movzx and
  // movsx.
  const bool general = (opcode >= 0x40 && opcode <= 0x4f) || (opcode >= 0x90 && opcode <= 0x9f) ||
                       (opcode >= 0xa3 && opcode <= 0xc1);
  return general && names_rsp(in);
}

}  // namespace

bool may_move_rsp(const X86Instruction& instruction) {
  switch (instruction.map) {
    case OpcodeMap::kPrimary:
      return primary_may(instruction);
    case OpcodeMap::k0f:
      return may_0f(instruction);
    default:
      return false;  // Vectors, and arithmetic of three operands that nobody does with RSP.
  }
}

bool never_goes_on(const X86Instruction& in) {
  if (in.map == OpcodeMap::k0f) return in.opcode == 0x0b || in.opcode == 0xb9 || in.opcode == 0xff;
  if (in.map != OpcodeMap::kPrimary) return false;
  // jmp near and short, ret, hlt; jmp through a register or memory
  return is_any_of(in.opcode, {0xe9, 0xeb, 0xc2, 0xc3, 0xca, 0xcb, 0xf4}) ||
         (in.opcode == 0xff && (in.reg == 4 || in.reg == 5));
}

}  // namespace profiler::machine
