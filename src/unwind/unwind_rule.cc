#include "unwind/unwind_rule.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "unwind/arch/aarch64/registers.h"
#include "unwind/arch/x86_64/registers.h"

namespace profiler::unwind {
namespace {

using RuleKind = RegisterRule::Kind;

constexpr bool fits(std::int64_t value) {
  return value >= std::numeric_limits<std::int32_t>::min() &&
         value <= std::numeric_limits<std::int32_t>::max();
}

constexpr bool is_unchanged(RuleKind kind) {
  return kind == RuleKind::kUnspecified || kind == RuleKind::kSameValue;
}

constexpr UnwindRule kSlowRule{.kind = UnwindRule::Kind::kSlow};

}  // namespace

template <class Registers>
UnwindRule compile(const CfiRow& row) {
  if (row.return_address_register >= RegisterSet::kCount) return {.kind = UnwindRule::Kind::kBad};
  const RegisterRule& ra = row.registers[row.return_address_register];
  if (ra.kind == RuleKind::kUndefined) return {.kind = UnwindRule::Kind::kEnd};
  if (row.signal_frame || row.cfa.kind != CfaRule::Kind::kRegister || !fits(row.cfa.offset))
    return kSlowRule;

  UnwindRule rule{.kind = UnwindRule::Kind::kStep};
  rule.cfa_offset = static_cast<std::int32_t>(row.cfa.offset);
  if (row.cfa.reg == Registers::kFramePointer) {
    rule.flags |= UnwindRule::kCfaFromFramePointer;
  } else if (row.cfa.reg != Registers::kStackPointer) {
    return kSlowRule;
  }

  if (ra.kind == RuleKind::kOffset && fits(ra.value)) {
    rule.ra_offset = static_cast<std::int32_t>(ra.value);
  } else if (is_unchanged(ra.kind) && row.return_address_register != Registers::kProgramCounter) {
    rule.flags |= UnwindRule::kReturnInRegister;
  } else {
    return kSlowRule;
  }

  const RegisterRule& fp = row.registers[Registers::kFramePointer];
  if (fp.kind == RuleKind::kOffset && fits(fp.value)) {
    rule.flags |= UnwindRule::kFramePointerSaved;
    rule.fp_offset = static_cast<std::int32_t>(fp.value);
  } else if (!is_unchanged(fp.kind)) {
    return kSlowRule;
  }
  if (!is_unchanged(row.registers[Registers::kStackPointer].kind)) return kSlowRule;

  constexpr unsigned kFirst = std::countr_zero(Registers::kCalleeSaved);
  constexpr unsigned kEnd = std::min<unsigned>(kFirst + 16, RegisterSet::kCount);
  for (unsigned reg = kFirst; reg < kEnd; ++reg) {
    if ((Registers::kCalleeSaved >> reg & 1U) != 0 && !is_unchanged(row.registers[reg].kind))
      rule.saved |= static_cast<std::uint16_t>(1U << (reg - kFirst));
  }
  return rule;
}

template UnwindRule compile<x86_64::Registers>(const CfiRow& row);
template UnwindRule compile<aarch64::Registers>(const CfiRow& row);

}  // namespace profiler::unwind
