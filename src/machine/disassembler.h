// Machine code as text, by Capstone. It is loaded when a disassembler is first asked for: linked to
// it, every command would start 0.8 ms later.
//
//   Result<Disassembler> asm = Disassembler::open(Architecture::kX86_64);
//   for (const Instruction& in : asm->disassemble(code, 0x1139)) in.text;   // "movl (%rax), %edx"
//
// x86-64 in AT&T syntax, as objdump and perf show it. What is no instruction, or is unknown to this
// Capstone, is ".byte 0x62, 0xf3, …", with the length that it has.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "profiler/error.h"

namespace profiler::machine {

enum class Architecture : std::uint8_t { kX86_64, kAarch64 };

struct Instruction {
  std::uint64_t address = 0;
  std::uint8_t length = 0;
  std::string text;  ///< Mnemonic and operands, one space between them.
};

class Disassembler {
 public:
  /// Error: Capstone is not installed here.
  static Result<Disassembler> open(Architecture architecture);
  ~Disassembler();
  Disassembler(Disassembler&&) noexcept;
  Disassembler& operator=(Disassembler&&) noexcept;

  /// `address`: of the first byte. The instructions cover all bytes.
  [[nodiscard]] std::vector<Instruction> disassemble(std::span<const std::byte> code,
                                                     std::uint64_t address) const;

 private:
  struct State;
  explicit Disassembler(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace profiler::machine
