#include "kernel/syscall_site.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "machine/instruction_x86_64.h"

namespace profiler::kernel {
namespace {

using machine::decode_instruction;
using machine::OpcodeMap;
using machine::X86Instruction;

/// Numbers beyond any system call are not one.
constexpr std::int64_t kMaxSyscall = 1023;

std::optional<int> checked(std::int64_t number) {
  if (number < 0 || number > kMaxSyscall) return std::nullopt;
  return static_cast<int>(number);
}

// --- x86-64 --------------------------------------------------------------------------------------
//
// Instructions have no fixed length, so code cannot be read backwards. It is read forwards from
// each of the first bytes instead: those readings fall into step after a few instructions, and
// where all that end exactly at the system call agree, that is how the code runs.

/// Bytes, at the start of the code, at each of which a reading begins.
constexpr std::size_t kReadings = 24;
/// Readings that must agree on an instruction.
constexpr int kMinAgreeing = 4;
/// Code shorter than this begins at an instruction: one reading is enough.
constexpr std::size_t kShortCode = 32;
/// Instructions looked at, back from the system call.
constexpr std::size_t kMaxInstructions = 10;
constexpr std::size_t kMaxCode = 128;

constexpr unsigned kRax = 0;

struct Placed {
  std::size_t at = 0;
  X86Instruction instruction;
};

/// The instructions from `start` up to the system call that ends the code; empty if none ends
/// there.
std::vector<Placed> read_from(std::span<const std::byte> code, std::size_t start) {
  std::vector<Placed> read;
  std::size_t at = start;
  while (at < code.size()) {
    const auto instruction = decode_instruction(code.subspan(at));
    if (!instruction) return {};
    read.push_back({at, *instruction});
    at += instruction->length;
  }
  if (read.empty() || at != code.size()) return {};
  const X86Instruction& last = read.back().instruction;
  const bool is_syscall = last.map == OpcodeMap::k0f && last.opcode == 0x05 && last.length == 2;
  return is_syscall ? read : std::vector<Placed>();
}

/// The last instructions that every reading agrees on, outermost first, without the system call.
std::vector<Placed> agreed_instructions(std::span<const std::byte> code) {
  std::vector<Placed> agreed;
  std::array<int, kMaxCode> readings_at{};  // How many have an instruction there.
  std::array<int, kMaxCode> begun_by{};     // How many began there or before.
  std::vector<Placed> longest;
  int readings = 0;
  const std::size_t starts = code.size() < kShortCode ? 1 : kReadings;
  const int needed = code.size() < kShortCode ? 1 : kMinAgreeing;
  for (std::size_t start = 0; start < starts; ++start) {
    std::vector<Placed> reading = read_from(code, start);
    if (!reading.empty()) {
      ++readings;
      for (const Placed& placed : reading) ++readings_at[placed.at];
      if (longest.empty()) longest = std::move(reading);
    }
    begun_by[start] = readings;
  }
  if (longest.empty()) return {};
  for (std::size_t at = starts; at < code.size(); ++at) begun_by[at] = readings;
  longest.pop_back();
  while (!longest.empty() && agreed.size() < kMaxInstructions) {
    const std::size_t at = longest.back().at;
    if (begun_by[at] < needed || readings_at[at] != begun_by[at]) break;
    agreed.push_back(longest.back());
    longest.pop_back();
  }
  std::ranges::reverse(agreed);
  return agreed;
}

/// What an instruction does to one register.
enum class Effect : std::uint8_t { kNothing, kConstant, kCopy, kPop, kUnknown };
struct EffectOn {
  Effect effect = Effect::kUnknown;
  std::int64_t constant = 0;
  unsigned from = 0;
};

constexpr EffectOn kNothing{Effect::kNothing, 0, 0};
constexpr EffectOn kUnknown{};

/// A destination that is not `wanted` leaves it alone.
EffectOn unless(unsigned wanted, unsigned destination) {
  return destination == wanted ? kUnknown : kNothing;
}

/// 8-bit registers: 4 to 7 may be the second byte of 0 to 3.
EffectOn unless_byte(unsigned wanted, unsigned destination) {
  return destination == wanted || (destination & ~4U) == wanted ? kUnknown : kNothing;
}

EffectOn effect_0f(const X86Instruction& in, unsigned wanted) {
  const unsigned group = in.opcode & 0xf0U;
  if (group == 0x40) return unless(wanted, in.reg);                             // cmov
  if (group == 0x80) return kNothing;                                           // jcc, not taken
  if (group == 0x90) return in.memory ? kNothing : unless_byte(wanted, in.rm);  // setcc
  switch (in.opcode) {
    case 0xaf:  // imul
    case 0xb6:  // movzx, movsx
    case 0xb7:
    case 0xbe:
    case 0xbf:
      return unless(wanted, in.reg);
    case 0x10:  // Moves to and from vector registers.
    case 0x11:
    case 0x16:
    case 0x17:
    case 0x28:
    case 0x29:
    case 0x57:
    case 0x6c:
    case 0x6e:
    case 0x6f:
    case 0x7f:
    case 0xd6:
    case 0xef:
      return kNothing;
    default:
      return kUnknown;
  }
}

/// The ModRM operand as destination.
EffectOn to_rm(const X86Instruction& in, unsigned wanted) {
  return in.memory ? kNothing : unless(wanted, in.rm);
}

/// add, or, and, sub, xor, cmp between registers and memory (00 to 3b).
EffectOn effect_of_arithmetic(const X86Instruction& in, unsigned wanted) {
  const unsigned form = in.opcode & 7U;
  const unsigned operation = in.opcode >> 3;
  constexpr unsigned kSub = 5;
  constexpr unsigned kXor = 6;
  constexpr unsigned kCmp = 7;
  if (operation == kCmp) return kNothing;
  if (form == 4 || form == 5) return unless(wanted, kRax);
  const bool zeroes = (operation == kXor || operation == kSub) && !in.memory && in.reg == in.rm &&
                      (form == 1 || form == 3) && !in.operand_size_16;
  if (zeroes && in.reg == wanted) return {Effect::kConstant, 0, 0};
  if (form == 0) return in.memory ? kNothing : unless_byte(wanted, in.rm);
  if (form == 2) return unless_byte(wanted, in.reg);
  return form == 1 ? to_rm(in, wanted) : unless(wanted, in.reg);
}

EffectOn effect_of(const X86Instruction& in, unsigned wanted) {
  if (in.map == OpcodeMap::k0f) return effect_0f(in, wanted);
  if (in.map != OpcodeMap::kPrimary) return kUnknown;
  if (in.opcode < 0x40) return effect_of_arithmetic(in, wanted);
  if (in.opcode >= 0x50 && in.opcode <= 0x57) return kNothing;  // push
  if (in.opcode >= 0x58 && in.opcode <= 0x5f) {                 // pop
    return in.op_reg == wanted ? EffectOn{Effect::kPop, 0, 0} : kNothing;
  }
  if (in.opcode >= 0x70 && in.opcode <= 0x7f) return kNothing;  // jcc, not taken
  if (in.opcode >= 0xb8 && in.opcode <= 0xbf) {                 // mov $imm, %reg
    if (in.op_reg != wanted) return kNothing;
    return in.operand_size_16 ? kUnknown : EffectOn{Effect::kConstant, in.immediate, 0};
  }
  switch (in.opcode) {
    case 0x68:  // push $imm
    case 0x6a:
    case 0x84:  // test
    case 0x85:
    case 0xa8:
    case 0xa9:
      return kNothing;
    case 0x63:  // movsxd
    case 0x69:  // imul
    case 0x6b:
    case 0x8d:  // lea
      return unless(wanted, in.reg);
    case 0x80:
    case 0xc0:
    case 0xd0:
    case 0xd2:
      if ((in.opcode == 0x80 && (in.reg & 7U) == 7) || in.memory) return kNothing;
      return unless_byte(wanted, in.rm);
    case 0x81:
    case 0x83:
      return (in.reg & 7U) == 7 ? kNothing : to_rm(in, wanted);  // /7: cmp
    case 0xc1:
    case 0xd1:
    case 0xd3:
      return to_rm(in, wanted);
    case 0x88:
      return in.memory ? kNothing : unless_byte(wanted, in.rm);
    case 0x8a:
      return unless_byte(wanted, in.reg);
    case 0x89:  // mov %reg, rm
      if (in.memory || in.rm != wanted) return kNothing;
      return in.operand_size_16 ? kUnknown : EffectOn{Effect::kCopy, 0, in.reg};
    case 0x8b:  // mov rm, %reg
      if (in.reg != wanted) return kNothing;
      if (in.memory || in.operand_size_16) return kUnknown;
      return {Effect::kCopy, 0, in.rm};
    case 0xc6:
      return in.memory ? kNothing : unless_byte(wanted, in.rm);
    case 0xc7:  // mov $imm, rm
      if (in.memory || in.rm != wanted) return kNothing;
      return in.operand_size_16 ? kUnknown : EffectOn{Effect::kConstant, in.immediate, 0};
    case 0xf6:  // /0 test, /2 not, /3 neg; the others multiply and divide
    case 0xf7:
      if ((in.reg & 7U) < 2) return kNothing;
      if ((in.reg & 7U) > 3) return kUnknown;
      if (in.memory) return kNothing;
      return in.opcode == 0xf6 ? unless_byte(wanted, in.rm) : unless(wanted, in.rm);
    case 0xff:
      return (in.reg & 7U) < 2 ? to_rm(in, wanted) : kUnknown;  // inc, dec
    default:
      return kUnknown;  // Calls and jumps among them: whoever comes here may come from elsewhere.
  }
}

/// True if a jump among `instructions` leads behind the start of instruction `first`: then the
/// number may have been loaded elsewhere.
bool jumped_into(const std::vector<Placed>& instructions, std::size_t first) {
  for (const Placed& placed : instructions) {
    const X86Instruction& in = placed.instruction;
    const bool near = in.map == OpcodeMap::k0f && (in.opcode & 0xf0U) == 0x80;
    const bool is_short = in.map == OpcodeMap::kPrimary &&
                          ((in.opcode & 0xf0U) == 0x70 || in.opcode == 0xeb || in.opcode == 0xe9);
    if (!near && !is_short) continue;
    const auto target = static_cast<std::int64_t>(placed.at + in.length) + in.immediate;
    const auto last = instructions.back();
    const auto site = static_cast<std::int64_t>(last.at + last.instruction.length);
    if (target > static_cast<std::int64_t>(instructions[first].at) && target <= site) return true;
  }
  return false;
}

std::optional<std::int64_t> constant_in_rax(const std::vector<Placed>& instructions) {
  unsigned wanted = kRax;
  for (std::size_t i = instructions.size(); i-- > 0;) {
    const EffectOn effect = effect_of(instructions[i].instruction, wanted);
    switch (effect.effect) {
      case Effect::kNothing:
        break;
      case Effect::kCopy:
        wanted = effect.from;
        break;
      case Effect::kConstant:
        if (jumped_into(instructions, i)) return std::nullopt;
        return effect.constant;
      case Effect::kPop: {
        if (i == 0) return std::nullopt;
        const X86Instruction& push = instructions[i - 1].instruction;
        const bool pushes_constant = push.map == OpcodeMap::kPrimary &&
                                     (push.opcode == 0x6a || push.opcode == 0x68) &&
                                     !push.operand_size_16;
        if (!pushes_constant || jumped_into(instructions, i - 1)) return std::nullopt;
        return push.immediate;
      }
      case Effect::kUnknown:
        return std::nullopt;
    }
  }
  return std::nullopt;
}

std::optional<int> number_x86_64(std::span<const std::byte> code) {
  if (code.size() > kMaxCode) code = code.last(kMaxCode);
  const auto instructions = agreed_instructions(code);
  const auto number = constant_in_rax(instructions);
  return number ? checked(*number) : std::nullopt;
}

// --- aarch64 -------------------------------------------------------------------------------------

constexpr std::uint32_t kSvc0 = 0xd4000001;
constexpr unsigned kX8 = 8;
constexpr std::size_t kMaxWords = 8;

std::uint32_t word_before(std::span<const std::byte> code, std::size_t words_back) {
  std::uint32_t word = 0;
  for (unsigned i = 0; i < 4; ++i) {
    word |= std::to_integer<std::uint32_t>(code[code.size() - 4 * words_back + i]) << (8 * i);
  }
  return word;
}

/// Data processing and loads or stores that have nothing to do with x8. Branches, system
/// instructions and everything else: false. Source: Arm ARM, C4.1 (top-level encodings).
bool leaves_x8_alone(std::uint32_t word) {
  const std::uint32_t op0 = (word >> 25) & 0xfU;
  const unsigned rd = word & 31U;
  const unsigned rn = (word >> 5) & 31U;
  const unsigned rt2 = (word >> 10) & 31U;
  const bool immediate = (op0 & 0xeU) == 8;
  const bool registers = (op0 & 7U) == 5;
  const bool memory = (op0 & 5U) == 4;
  if (immediate || registers) return rd != kX8;
  return memory && rd != kX8 && rn != kX8 && rt2 != kX8;
}

std::optional<int> number_aarch64(std::span<const std::byte> code) {
  const std::size_t words = std::min(code.size() / 4, kMaxWords);
  if (words < 2 || word_before(code, 1) != kSvc0) return std::nullopt;
  for (std::size_t back = 2; back <= words; ++back) {
    const std::uint32_t word = word_before(code, back);
    // movz x8 or w8, #imm16, unshifted: sf 10 100101 00 imm16 Rd
    if ((word & 0x7fe0001fU) == (0x52800000U | kX8)) return checked((word >> 5) & 0xffffU);
    if (!leaves_x8_alone(word)) return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

std::optional<int> syscall_number_before(std::span<const std::byte> code, Abi abi) {
  return abi == Abi::kX86_64 ? number_x86_64(code) : number_aarch64(code);
}

}  // namespace profiler::kernel
