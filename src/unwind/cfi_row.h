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
#include <bit>
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
  Kind kind;
  /// A signed offset, a register number, or the size of the expression.
  std::int64_t value;
  const std::byte* expression_data;

  static constexpr RegisterRule saved_at(std::int64_t offset) {
    return {.kind = Kind::kOffset, .value = offset, .expression_data = nullptr};
  }
  [[nodiscard]] std::span<const std::byte> expression() const {
    return {expression_data, static_cast<std::size_t>(value)};
  }
};

/// The rules of all registers. Rows name a few of them, and are copied for each remembered state:
/// only those are initialized and copied.
class RegisterRules {
 public:
  RegisterRules() {}  // NOLINT(*-member-init,modernize-use-equals-default)
  RegisterRules(const RegisterRules& other) { *this = other; }  // NOLINT(*-member-init)
  RegisterRules& operator=(const RegisterRules& other) {
    named_ = other.named_;
    for (std::uint64_t rest = named_; rest != 0; rest &= rest - 1) {
      const auto reg = static_cast<std::size_t>(std::countr_zero(rest));
      rules_[reg] = other.rules_[reg];
    }
    return *this;
  }
  ~RegisterRules() = default;

  [[nodiscard]] const RegisterRule& operator[](std::uint64_t reg) const {
    static constexpr RegisterRule kUnspecified{};
    return (named_ >> reg & 1U) != 0 ? rules_[reg] : kUnspecified;
  }
  void set(std::uint64_t reg, const RegisterRule& rule) {
    named_ |= std::uint64_t{1} << reg;
    rules_[reg] = rule;
  }

 private:
  std::uint64_t named_ = 0;
  std::array<RegisterRule, RegisterSet::kCount> rules_;
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
  RegisterRules registers;
  std::uint64_t return_address_register = 0;
  bool signal_frame = false;
  bool signed_return_address = false;  ///< aarch64: DW_CFA_AARCH64_negate_ra_state.
};

}  // namespace profiler::unwind
