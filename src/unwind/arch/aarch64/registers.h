// aarch64: register numbers, and what a call preserves. Sources: AAPCS64 §6.1.1; "DWARF for the Arm
// 64-bit Architecture" §4.1; asm/perf_regs.h (order of sampled registers).
#pragma once

#include <array>
#include <cstdint>

namespace profiler::unwind::aarch64 {

struct Registers {
  static constexpr unsigned kFramePointer = 29;
  static constexpr unsigned kStackPointer = 31;
  /// X30, the return address column, is not where execution is: PC has a number of its own.
  static constexpr unsigned kProgramCounter = 32;
  /// X19 to X28 and FP. LR is not: a callee's return address says nothing of its caller's.
  static constexpr std::uint64_t kCalleeSaved = 0x7ffULL << 19;

  static constexpr bool kCallPushes = false;  ///< The return address is in LR.

  static constexpr std::uint8_t kNotTracked = 0xff;
  /// PERF_REG_ARM64_X0 to X29, LR, SP, PC: perf's order is DWARF's.
  static constexpr std::array<std::uint8_t, 33> kFromPerf = {
      0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16,
      17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32};

  /// Pointer authentication keeps its code above the 48 bits of a user address (Armv8.3-A).
  static constexpr std::uint64_t return_address(std::uint64_t value) {
    return value & ((std::uint64_t{1} << 48) - 1);
  }
};

}  // namespace profiler::unwind::aarch64
