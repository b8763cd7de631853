// x86-64: register numbers, and what a call preserves. Sources: System V ABI AMD64 §3.2.1 and
// figure 3.36 (DWARF numbers); asm/perf_regs.h (order of sampled registers).
#pragma once

#include <array>
#include <cstdint>

namespace profiler::unwind::x86_64 {

struct Registers {
  static constexpr unsigned kFramePointer = 6;     ///< RBP
  static constexpr unsigned kStackPointer = 7;     ///< RSP
  static constexpr unsigned kProgramCounter = 16;  ///< RIP; also the return address column.
  /// RBX, RBP, R12 to R15.
  static constexpr std::uint64_t kCalleeSaved = 1U << 3 | 1U << 6 | 0xfU << 12;

  static constexpr bool kCallPushes = true;  ///< The return address, on the stack.

  /// PERF_REG_X86_*: DWARF number by perf's, or kNotTracked.
  static constexpr std::uint8_t kNotTracked = 0xff;
  static constexpr std::array<std::uint8_t, 24> kFromPerf = {
      0,           3,           2,           1,           4,  5,  6,  7,  // AX BX CX DX SI DI BP SP
      16,          kNotTracked, kNotTracked, kNotTracked,                 // IP FLAGS CS SS
      kNotTracked, kNotTracked, kNotTracked, kNotTracked,                 // DS ES FS GS
      8,           9,           10,          11,          12, 13, 14, 15};  // R8 to R15

  /// The address that a return address register or slot stands for.
  static constexpr std::uint64_t return_address(std::uint64_t value) { return value; }
};

}  // namespace profiler::unwind::x86_64
