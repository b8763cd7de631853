// Which system call an instruction sequence makes, from the code bytes before its return address.
//
//   if (auto nr = syscall_number_before(bytes_before_return, Machine::kX86_64))
//     syscall_name(*nr, Machine::kX86_64);        // "read"
//
// Needed because a third of the samples of a tight read/write loop lie in the kernel's entry code
// itself, with no callee to name the call, and user registers hold no orig_ax.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "kernel/syscall_table.h"

namespace profiler::kernel {

/// `code`: the bytes that end just before the address at which user mode continues (64 are
/// plenty; fewer than 32 must begin at an instruction).
/// None where the code does not show beyond doubt which number is loaded: a wrong name is worse
/// than none.
[[nodiscard]] std::optional<int> syscall_number_before(std::span<const std::byte> code, Abi abi);

/// "read" for the libc wrapper "__libc_read", "__read_nocancel", "read@@GLIBC_2.2.5"; "" if the
/// function is no wrapper of one system call.
[[nodiscard]] std::string_view syscall_of_wrapper(std::string_view function);

}  // namespace profiler::kernel
