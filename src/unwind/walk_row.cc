// The slow gear of a walk: one step by a whole row, with every register that is still known.
#include "unwind/arch/aarch64/registers.h"
#include "unwind/arch/x86_64/registers.h"
#include "unwind/walk.h"

namespace profiler::unwind {

using RuleKind = RegisterRule::Kind;

template <class Registers>
typename Walk<Registers>::Step Walk<Registers>::failed(const ExpressionResult& result) {
  switch (result.failure) {
    case ExpressionFailure::kMissingMemory:
      return missing(result.detail);
    case ExpressionFailure::kUnknownRegister:
      if (!slow_gear_) restart_ = true;
      return StackEnd::kBadUnwindInfo;
    default:
      return StackEnd::kBadUnwindInfo;
  }
}

template <class Registers>
typename Walk<Registers>::Step Walk<Registers>::resolve_cfa(const CfiRow& row, std::uint64_t& cfa) {
  switch (row.cfa.kind) {
    case CfaRule::Kind::kRegister:
      if (!registers_.knows(row.cfa.reg))
        return failed({.failure = ExpressionFailure::kUnknownRegister, .detail = row.cfa.reg});
      cfa = registers_[row.cfa.reg] + static_cast<std::uint64_t>(row.cfa.offset);
      return kContinue;
    case CfaRule::Kind::kExpression: {
      const ExpressionResult result =
          evaluate(row.cfa.expression, registers_, stack_, std::nullopt);
      if (result.failure != ExpressionFailure::kNone) return failed(result);
      cfa = result.value;
      return kContinue;
    }
    case CfaRule::Kind::kNone:
      break;
  }
  return StackEnd::kBadUnwindInfo;
}

template <class Registers>
bool Walk<Registers>::resolve_register(const CfiRow& row, unsigned reg, std::uint64_t cfa,
                                       std::uint64_t& value, StackEnd& why) {
  const RegisterRule& rule = row.registers[reg];
  const auto keep = [&] {
    if (!registers_.knows(reg)) return false;
    value = registers_[reg];
    return true;
  };
  switch (rule.kind) {
    case RuleKind::kUnspecified:
      if (reg == Registers::kStackPointer) {
        value = cfa;
        return true;
      }
      // The return address may still be in its register; what else a call clobbers is unknown.
      if ((Registers::kCalleeSaved >> reg & 1U) == 0 && reg != row.return_address_register)
        return false;
      return keep();
    case RuleKind::kSameValue:
      return keep();
    case RuleKind::kOffset: {
      const std::uint64_t at = cfa + static_cast<std::uint64_t>(rule.value);
      const bool popped = kind_ == AddressKind::kInstruction && at < sp_ && !row.signal_frame &&
                          reg != row.return_address_register;
      if (popped) return keep();
      if (stack_.read(at, value)) return true;
      why = stack_.why_missing(at);
      return false;
    }
    case RuleKind::kValueOffset:
      value = cfa + static_cast<std::uint64_t>(rule.value);
      return true;
    case RuleKind::kRegister:
      if (!registers_.knows(static_cast<std::uint64_t>(rule.value))) return false;
      value = registers_[static_cast<std::uint64_t>(rule.value)];
      return true;
    case RuleKind::kExpression:
    case RuleKind::kValueExpression: {
      const ExpressionResult result = evaluate(rule.expression(), registers_, stack_, cfa);
      if (result.failure != ExpressionFailure::kNone) {
        why = result.failure == ExpressionFailure::kMissingMemory
                  ? stack_.why_missing(result.detail)
                  : StackEnd::kBadUnwindInfo;
        return false;
      }
      value = result.value;
      if (rule.kind == RuleKind::kValueExpression) return true;
      // GCC finds the registers of a realigned frame by RBP, RBP itself included. Once that has
      // been popped in the epilogue, it is the caller's, and what it leads to lies outside this
      // frame.
      const bool popped = kind_ == AddressKind::kInstruction && !row.signal_frame &&
                          reg != row.return_address_register &&
                          (result.value < sp_ || result.value >= cfa);
      if (popped) return keep();
      if (stack_.read(result.value, value)) return true;
      why = stack_.why_missing(result.value);
      return false;
    }
    case RuleKind::kUndefined:
      break;
  }
  return false;
}

template <class Registers>
typename Walk<Registers>::Step Walk<Registers>::slow_step(const CfiRow& row) {
  registers().set(Registers::kProgramCounter, pc_);
  registers_.set(Registers::kStackPointer, sp_);
  registers_.set(Registers::kFramePointer, fp_);
  if (row.registers[row.return_address_register].kind == RuleKind::kUndefined)
    return StackEnd::kUndefinedReturnAddress;
  std::uint64_t cfa = 0;
  if (const Step end = resolve_cfa(row, cfa)) return end;
  // A signal may have been handled on another stack, anywhere.
  if (!row.signal_frame && cfa < sp_) return StackEnd::kStackNotRising;

  RegisterSet caller;
  std::uint64_t value = 0;
  StackEnd why = StackEnd::kBadUnwindInfo;
  for (unsigned reg = 0; reg < RegisterSet::kCount; ++reg) {
    if (reg == row.return_address_register) continue;
    StackEnd ignored{};
    if (resolve_register(row, reg, cfa, value, ignored)) caller.set(reg, value);
  }
  if (!resolve_register(row, static_cast<unsigned>(row.return_address_register), cfa, value, why))
    return why;
  const std::uint64_t pc = Registers::return_address(value);
  const std::uint64_t sp =
      caller.knows(Registers::kStackPointer) ? caller[Registers::kStackPointer] : cfa;
  if (!row.signal_frame && sp <= sp_ && kind_ == AddressKind::kReturn)
    return StackEnd::kStackNotRising;

  registers_ = caller;
  fp_ = caller.knows(Registers::kFramePointer) ? caller[Registers::kFramePointer] : kUnknownFp;
  through_frame_pointers_ = false;
  if (!row.signal_frame) return arrive(pc, sp, AddressKind::kReturn);

  // What a handler returns to was never called: its name is that of its own address.
  UserFrame& trampoline = frames_.back();
  if (kind_ == AddressKind::kReturn) {
    trampoline.address.kind = AddressKind::kInstruction;
    ++trampoline.module_address;
  }
  // An alternate stack: where the signal came is known, but not the stack it came upon.
  const std::uint64_t trampoline_sp = sp_;
  const Step end = arrive(pc, sp, AddressKind::kInstruction);
  if (end || (sp >= stack_.base() && sp <= stack_.end())) return end;
  // On the same stack, no more lies between than the kernel has put there; it was not copied.
  if (sp > trampoline_sp && sp - trampoline_sp < kMaxSignalFrame) return missing(sp);
  const process::Mapping* mapping = context_.mappings.find(space_, RuntimeAddress(pc));
  if (mapping != nullptr && !frames_.is_full()) {
    frames_.push({.address = {.address = RuntimeAddress(pc), .kind = kind_},
                  .module = mapping->module,
                  .module_address = mapping->to_module(RuntimeAddress(pc)).value(),
                  .stack_pointer = sp_});
  }
  return StackEnd::kAlternateStack;
}

template Walk<x86_64::Registers>::Step Walk<x86_64::Registers>::slow_step(const CfiRow& row);
template Walk<aarch64::Registers>::Step Walk<aarch64::Registers>::slow_step(const CfiRow& row);

}  // namespace profiler::unwind
