// Length and operands of one x86-64 instruction: as much as is needed to follow a constant through
// straight code. No disassembler: it knows nothing of what most instructions do.
//
//   if (auto in = decode_instruction(code)) code = code.subspan(in->length);
//
// Source: Intel SDM volume 2, appendix A (opcode maps), 2.1 and 2.2 (prefixes, ModRM, SIB).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace profiler::machine {

enum class OpcodeMap : std::uint8_t { kPrimary, k0f, k0f38, k0f3a, kVector /*VEX or EVEX*/ };

struct X86Instruction {
  std::uint8_t length = 0;
  OpcodeMap map = OpcodeMap::kPrimary;
  std::uint8_t opcode = 0;
  bool operand_size_16 = false;  ///< Prefix 66, without REX.W.
  bool wide = false;             ///< REX.W
  bool has_modrm = false;
  bool memory = false;      ///< The ModRM operand lies in memory.
  std::uint8_t reg = 0;     ///< ModRM.reg with REX.R: 0 to 15.
  std::uint8_t rm = 0;      ///< ModRM.rm with REX.B, if not in memory.
  std::uint8_t op_reg = 0;  ///< Low bits of the opcode with REX.B.
  std::int64_t immediate = 0;
};

/// The instruction at the start of `code`; none if it is undefined or longer than `code`.
[[nodiscard]] std::optional<X86Instruction> decode_instruction(std::span<const std::byte> code);

}  // namespace profiler::machine
