#include "unwind/epilogue.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <vector>

#include "machine/instruction_x86_64.h"
#include "machine/stack_pointer_x86_64.h"
#include "unwind/arch/x86_64/registers.h"

namespace profiler::unwind::x86_64 {
namespace {

using machine::OpcodeMap;
using machine::X86Instruction;
using Bytes = std::span<const std::byte>;

constexpr int kMaxInstructions = 64;
/// Frames of generated code are no larger.
constexpr std::int64_t kMaxDistance = 1 << 20;
constexpr std::uint8_t kRsp = 4;
constexpr std::uint8_t kRbp = 5;
/// DWARF's numbers of the registers in the order of instructions: RAX RCX RDX RBX RSP RBP RSI RDI.
constexpr std::array<unsigned, 16> kDwarf = {0, 2, 1, 3, 7, 6, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15};

bool begins(Bytes code, std::initializer_list<unsigned> pattern) {
  return code.size() >= pattern.size() &&
         std::ranges::equal(code.first(pattern.size()), pattern, [](std::byte b, unsigned p) {
           return std::to_integer<unsigned>(b) == p;
         });
}

/// The stack pointer as the instructions move it, relative to what it or RBP was at the start.
class WayOut {
 public:
  enum class Step : std::uint8_t { kOn, kReturns, kUnknown };

  Step take(Bytes code, const X86Instruction& in) {
    if (begins(code, {0x48, 0x89, 0xe5}) || begins(code, {0x48, 0x8b, 0xec})) {  // mov %rsp, %rbp
      frame_ = at_;
      rbp_ = Rbp::kFrame;
      return from_rsp_ ? Step::kOn : Step::kUnknown;
    }
    if (begins(code, {0x48, 0x89, 0xec}) || begins(code, {0x48, 0x8b, 0xe5})) {  // mov %rbp, %rsp
      return take_down();
    }
    if (begins(code, {0x48, 0x8d, 0x64, 0x24}) && code.size() > 4) {  // lea N(%rsp), %rsp
      at_ += static_cast<std::int8_t>(std::to_integer<unsigned>(code[4]));
      return Step::kOn;
    }
    if (in.map != OpcodeMap::kPrimary) return other(in);
    switch (in.opcode) {
      case 0xc3:
        return Step::kReturns;
      case 0xc2:
        arguments_ = in.immediate & 0xffff;
        return Step::kReturns;
      case 0xcc:  // int3, int
      case 0xcd:
        return Step::kUnknown;
      case 0xc9:  // leave
        return take_down() == Step::kOn ? pop(kRbp) : Step::kUnknown;
      case 0x81:
      case 0x83:
        return in.wide && !in.memory && in.rm == kRsp ? add(in) : other(in);
      default:
        break;
    }
    if (in.opcode >= 0x50 && in.opcode <= 0x57) return push(in.op_reg);
    if (in.opcode >= 0x58 && in.opcode <= 0x5f) return pop(in.op_reg);
    return other(in);
  }

  [[nodiscard]] bool describe(ModuleAddress address, CfiRow& row) const {
    const std::int64_t cfa = at_ + 8 + arguments_;
    if (cfa <= (from_rsp_ ? 0 : 8) || cfa > kMaxDistance) return false;
    row = CfiRow();
    row.start = address;
    row.end = address + 1;
    row.return_address_register = Registers::kProgramCounter;
    row.cfa = {.kind = CfaRule::Kind::kRegister,
               .reg = from_rsp_ ? Registers::kStackPointer : Registers::kFramePointer,
               .offset = cfa,
               .expression = {}};
    row.registers.set(Registers::kProgramCounter, RegisterRule::saved_at(at_ - cfa));
    for (const Slot& slot : popped_)
      row.registers.set(kDwarf[slot.reg], RegisterRule::saved_at(slot.at - cfa));
    return true;
  }

 private:
  struct Slot {
    std::int64_t at = 0;
    std::uint8_t reg = 0;
  };

  Step add(const X86Instruction& in) {
    if (in.reg % 8 == 7) return Step::kOn;  // cmp
    if (in.reg % 8 != 0 && in.reg % 8 != 5) return Step::kUnknown;
    at_ += in.reg % 8 == 0 ? in.immediate : -in.immediate;
    return std::abs(at_) > kMaxDistance ? Step::kUnknown : Step::kOn;
  }

  Step push(std::uint8_t reg) {
    at_ -= 8;
    pushed_.push_back({.at = at_, .reg = reg});
    return Step::kOn;
  }

  Step pop(std::uint8_t reg) {
    if (reg == kRsp) return Step::kUnknown;
    const auto own = std::ranges::find(pushed_, at_, &Slot::at);
    if (from_rsp_ && own != pushed_.end()) {
      // What was pushed on the way comes back, or goes elsewhere.
      if (own->reg != reg) return Step::kUnknown;
      pushed_.erase(own);
    } else if (from_rsp_ && at_ < 0) {
      return Step::kUnknown;
    } else {
      popped_.push_back({.at = at_, .reg = reg});
    }
    at_ += 8;
    if (reg == kRbp) rbp_ = Rbp::kCallers;
    return Step::kOn;
  }

  /// RSP becomes RBP: the frame is given up.
  Step take_down() {
    switch (rbp_) {
      case Rbp::kFrame:
        at_ = frame_;
        return Step::kOn;
      case Rbp::kOriginal:
        from_rsp_ = false;
        at_ = 0;
        popped_.clear();
        pushed_.clear();
        return Step::kOn;
      case Rbp::kCallers:
        break;
    }
    return Step::kUnknown;
  }

  /// An instruction that moves no stack: it must not change RBP either, which may be needed.
  static Step other(const X86Instruction& in) {
    if (machine::may_move_rsp(in) || machine::never_goes_on(in)) return Step::kUnknown;
    const bool names_rbp =
        in.has_modrm ? in.reg == kRbp || (!in.memory && in.rm == kRbp) : in.op_reg == kRbp;
    const bool only_reads =
        in.map == OpcodeMap::kPrimary &&
        (in.opcode == 0x89 || in.opcode == 0x39 || in.opcode == 0x3b || in.opcode == 0x85) &&
        (in.memory || in.rm != kRbp);
    const bool vector = in.map == OpcodeMap::kVector;
    return names_rbp && !only_reads && !vector ? Step::kUnknown : Step::kOn;
  }

  bool from_rsp_ = true;  ///< Else from RBP.
  std::int64_t at_ = 0;
  enum class Rbp : std::uint8_t {
    kOriginal,
    kFrame,    ///< frame_
    kCallers,  ///< It was popped.
  };
  Rbp rbp_ = Rbp::kOriginal;
  std::int64_t frame_ = 0;
  std::int64_t arguments_ = 0;
  std::vector<Slot> pushed_;
  std::vector<Slot> popped_;
};

/// Where an unconditional jump leads, from the start of `code`.
std::optional<std::int64_t> jump(const X86Instruction& in) {
  if (in.map != OpcodeMap::kPrimary || (in.opcode != 0xeb && in.opcode != 0xe9))
    return std::nullopt;
  return in.length + in.immediate;
}

}  // namespace

bool row_of_way_out(Bytes code, ModuleAddress address, CfiRow& row) {
  WayOut way;
  std::size_t position = 0;
  for (int i = 0; i < kMaxInstructions && position < code.size(); ++i) {
    const Bytes here = code.subspan(position);
    const auto in = machine::decode_instruction(here);
    if (!in) return false;
    if (const auto distance = jump(*in)) {
      if (*distance <= 0 || static_cast<std::uint64_t>(*distance) > here.size()) return false;
      position += static_cast<std::size_t>(*distance);
      continue;
    }
    switch (way.take(here, *in)) {
      case WayOut::Step::kReturns:
        return way.describe(address, row);
      case WayOut::Step::kUnknown:
        return false;
      case WayOut::Step::kOn:
        break;
    }
    position += in->length;
  }
  return false;
}

}  // namespace profiler::unwind::x86_64
