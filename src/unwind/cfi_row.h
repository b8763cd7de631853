// One row of the call frame information table, uncompiled: how to find the CFA and every register
// of the caller while the program counter is in [start, end). DWARF 5 §6.4.1.
//
//   if (row.cfa.kind == CfaRule::Kind::kRegister)
//     cfa = registers[row.cfa.reg] + row.cfa.offset;
//   switch (row.registers[3].kind) …
//
// A row is about 850 bytes: it is what rules are compiled from (unwind_rule.h), not what is cached.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "profiler/address.h"
#include "unwind/register_set.h"

namespace profiler::unwind {

/// DWARF 5 §6.4.1: the rule of one register.
struct RegisterRule {
  enum class Kind : std::uint8_t {
    kUnspecified,      ///< No instruction named it: the architecture's calling convention says.
    kUndefined,        ///< Cannot be recovered.
    kSameValue,        ///< Not modified.
    kOffset,           ///< Saved at CFA + value.
    kValueOffset,      ///< Is CFA + value.
    kRegister,         ///< Is in register `value`.
    kExpression,       ///< Saved at the address that the expression gives.
    kValueExpression,  ///< Is what the expression gives.
  };
  Kind kind = Kind::kUnspecified;
  /// A signed offset, a register number, or the size of the expression.
  std::int64_t value = 0;
  const std::byte* expression_data = nullptr;

  [[nodiscard]] std::span<const std::byte> expression() const {
    return {expression_data, static_cast<std::size_t>(value)};
  }
};

/// How the canonical frame address is computed.
struct CfaRule {
  enum class Kind : std::uint8_t { kNone, kRegister, kExpression };
  Kind kind = Kind::kNone;
  std::uint64_t reg = 0;
  std::int64_t offset = 0;
  std::span<const std::byte> expression;
};

struct CfiRow {
  ModuleAddress start;
  ModuleAddress end;
  CfaRule cfa;
  std::array<RegisterRule, RegisterSet::kCount> registers;
  std::uint64_t return_address_register = 0;
  bool signal_frame = false;
  bool signed_return_address = false;  ///< aarch64: DW_CFA_AARCH64_negate_ra_state.
};

}  // namespace profiler::unwind
