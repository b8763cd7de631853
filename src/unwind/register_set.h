// Values of a thread's general registers by DWARF number, as far as they are known: those that a
// caller may clobber are unknown once a call has been unwound.
//
//   RegisterSet registers;
//   registers.set(3, 0x1000);
//   if (registers.knows(3)) use(registers[3]);
#pragma once

#include <array>
#include <cstdint>

namespace profiler::unwind {

class RegisterSet {
 public:
  /// x86-64 uses 0 to 16, aarch64 0 to 32. Vector registers are not tracked.
  static constexpr unsigned kCount = 33;

  [[nodiscard]] bool knows(std::uint64_t reg) const {
    return reg < kCount && ((known_ >> reg) & 1U) != 0;
  }
  /// Only for a register that it knows.
  [[nodiscard]] std::uint64_t operator[](std::uint64_t reg) const { return values_[reg]; }
  void set(unsigned reg, std::uint64_t value) {
    values_[reg] = value;
    known_ |= std::uint64_t{1} << reg;
  }
  /// Forgets every register that is not in `mask`.
  void keep_only(std::uint64_t mask) { known_ &= mask; }
  [[nodiscard]] std::uint64_t known() const { return known_; }

 private:
  std::array<std::uint64_t, kCount> values_{};
  std::uint64_t known_ = 0;
};

}  // namespace profiler::unwind
