// DWARF expressions of call frame information (DWARF 5 §2.5, as §6.4.2 restricts them): those of
// PLT stubs, signal trampolines and realigned stacks.
//
//   ExpressionResult r = evaluate(row.cfa.expression, registers, stack, std::nullopt);
//   if (r.failure == ExpressionFailure::kNone) cfa = r.value;
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "unwind/register_set.h"
#include "unwind/stack_memory.h"

namespace profiler::unwind {

enum class ExpressionFailure : std::uint8_t {
  kNone,
  kMalformed,        ///< Or an operation that has no place in call frame information.
  kUnknownRegister,  ///< `detail` is its DWARF number.
  kMissingMemory,    ///< `detail` is the address.
};

struct ExpressionResult {
  std::uint64_t value = 0;
  ExpressionFailure failure = ExpressionFailure::kNone;
  std::uint64_t detail = 0;
};

/// `pushed`: on the stack at the start (the CFA, for rules of registers). At most a few thousand
/// operations are executed, whatever the bytes say.
[[nodiscard]] ExpressionResult evaluate(std::span<const std::byte> expression,
                                        const RegisterSet& registers, const StackMemory& stack,
                                        std::optional<std::uint64_t> pushed);

/// What the expression adds to the stack pointer, if it asks for no more than that and for the low
/// bits of the program counter, as those of PLT stubs do. `address`: a lookup address, in any space
/// that differs from the process's by whole pages. None: only evaluate() can tell.
template <class Registers>
[[nodiscard]] std::optional<std::int64_t> offset_from_stack_pointer(
    std::span<const std::byte> expression, std::uint64_t address);

}  // namespace profiler::unwind
