// Numbers and names of system calls, as user space knows them ("fstat", not "newfstat").
//
//   syscall_name(0, Abi::kX86_64);          // "read"
//   is_syscall("pselect6");                 // true: some architecture has it
#pragma once

#include <cstdint>
#include <string_view>

namespace profiler::kernel {

enum class Abi : std::uint8_t {
  kX86_64,  // NOLINT(readability-identifier-naming): its name
  kAarch64,
  kI386,  ///< 32-bit programs on x86-64.
  kX32,   ///< 64-bit instructions, 32-bit pointers; numbers without bit 30.
};

/// "read"; "" for an unknown number.
[[nodiscard]] std::string_view syscall_name(int number, Abi abi);

/// Whether any of the 64-bit tables has a call of this name.
[[nodiscard]] bool is_syscall(std::string_view name);

}  // namespace profiler::kernel
