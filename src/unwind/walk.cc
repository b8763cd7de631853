#include "unwind/walk.h"

#include "unwind/arch/aarch64/registers.h"
#include "unwind/arch/x86_64/registers.h"

namespace profiler::unwind {

template <class Registers>
bool Walk<Registers>::sampled(unsigned perf_register, std::uint64_t& value) const {
  const UserRegisters& registers = snapshot_.registers;
  const std::size_t index = context_.layout.index(registers.mask, perf_register);
  if (index >= registers.values.size()) return false;
  value = registers.values[index];
  return true;
}

template <class Registers>
bool Walk<Registers>::start() {
  loaded_ = false;
  kept_ = kAllRegisters;
  if (!sampled(perf_register(Registers::kProgramCounter), pc_) ||
      !sampled(perf_register(Registers::kStackPointer), sp_)) {
    return false;
  }
  if (!sampled(perf_register(Registers::kFramePointer), fp_)) fp_ = kUnknownFp;
  kind_ = AddressKind::kInstruction;
  through_frame_pointers_ = false;
  stack_ = StackMemory(sp_, snapshot_.bytes, snapshot_.requested_bytes);
  // The outer frames mostly lie where those of the walk before did, and in no near cache.
  for (const UserFrame& frame : frames_) stack_.prefetch(frame.stack_pointer - kWord);
  frames_.clear();
  return true;
}

template <class Registers>
RegisterSet& Walk<Registers>::registers() {
  if (!loaded_) {
    loaded_ = true;
    registers_ = RegisterSet();
    std::uint64_t value = 0;
    for (unsigned i = 0; i < Registers::kFromPerf.size(); ++i) {
      const std::uint8_t reg = Registers::kFromPerf[i];
      if (reg != Registers::kNotTracked && sampled(i, value)) registers_.set(reg, value);
    }
  }
  registers_.keep_only(kept_);
  kept_ = kAllRegisters;
  return registers_;
}

template <class Registers>
StackEnd Walk<Registers>::run() {
  if (!start()) return StackEnd::kUnsupported;
  StackEnd end = walk_frames();
  if (restart_) {
    slow_gear_ = true;
    restart_ = false;
    start();
    end = walk_frames();
  }
  context_.statistics.frames += frames_.size();
  return end;
}

template <class Registers>
StackEnd Walk<Registers>::walk_frames() {
  for (;;) {
    if (!slow_gear_) {
      if (const Step end = walk_cached_rules()) return *end;
    }
    UserFrame frame{.address = {.address = RuntimeAddress(pc_), .kind = kind_},
                    .module = {},
                    .module_address = 0,
                    .stack_pointer = sp_};
    const RuntimeAddress lookup = frame.address.lookup();
    frame.module_address = lookup.value();
    const process::Mapping* mapping = context_.mappings.find(space_, lookup);
    if (mapping != nullptr) {
      frame.module = mapping->module;
      frame.module_address = mapping->to_module(lookup).value();
    } else if (kind_ == AddressKind::kReturn) {
      // A caller that is no code: the step that led here was wrong, and the address means nothing.
      return through_frame_pointers_ ? StackEnd::kBadFramePointer : StackEnd::kNoMapping;
    }
    if (frames_.is_full()) return StackEnd::kTooManyFrames;
    frames_.push(frame);
    if (const Step end = step_from(frame)) return *end;
  }
}

template <class Registers>
const UnwindRule& Walk<Registers>::rule_at(ModuleIndex index, const ModuleCfi& module,
                                           ModuleAddress address) {
  if (const RuleCache::Entry* entry = context_.rules.find(index.row(), address.value())) {
    ++context_.statistics.cache_hits;
    return entry->rule;
  }
  ++context_.statistics.rules_compiled;
  return context_.rules.add(index.row(), address.value(), compile_rule(module, address)).rule;
}

template <class Registers>
UnwindRule Walk<Registers>::compile_rule(const ModuleCfi& module, ModuleAddress address) const {
  CfiRow row;
  switch (module.find_row(address, kind_, row)) {
    case ModuleCfi::Found::kRow:
      break;
    case ModuleCfi::Found::kNothing:
      return {};
    case ModuleCfi::Found::kMalformed:
      return {.kind = UnwindRule::Kind::kBad};
    case ModuleCfi::Found::kEntryPoint:
      return {.kind = UnwindRule::Kind::kEnd};
    case ModuleCfi::Found::kHandMade:
      return {.kind = UnwindRule::Kind::kRoot};
  }
  if (row.cfa.kind == CfaRule::Kind::kExpression) {
    if (const auto offset =
            offset_from_stack_pointer<Registers>(row.cfa.expression, address.value())) {
      row.cfa = {.kind = CfaRule::Kind::kRegister,
                 .reg = Registers::kStackPointer,
                 .offset = *offset,
                 .expression = {}};
    }
  }
  return compile<Registers>(row);
}

template <class Registers>
typename Walk<Registers>::Step Walk<Registers>::step_from(const UserFrame& frame) {
  if (!frame.module) return step_from_nowhere();
  const ModuleCfi* module = context_.module(frame.module);
  if (module == nullptr) {
    UnwindRule way_out;
    // Frame pointers tell less of the caller's stack pointer than the way out relies on: callees
    // and adapters may have popped arguments.
    const bool knows_sp = kind_ == AddressKind::kInstruction || !through_frame_pointers_;
    if (knows_sp && !slow_gear_ && is_way_out_known(frame, way_out)) return fast_step(way_out);
    return frame_pointer_step(StackEnd::kNoUnwindInfo);
  }
  const ModuleAddress address(frame.module_address);
  const UnwindRule& rule = rule_at(frame.module, *module, address);
  switch (rule.kind) {
    case UnwindRule::Kind::kStep:
      if (!slow_gear_) return fast_step(rule);
      break;
    case UnwindRule::Kind::kSlow:
      break;
    case UnwindRule::Kind::kEnd:
      return StackEnd::kUndefinedReturnAddress;
    case UnwindRule::Kind::kRoot: {
      // It was never called: its name is that of its own address.
      UserFrame& root = frames_.back();
      root.address.kind = AddressKind::kInstruction;
      ++root.module_address;
      return StackEnd::kThreadRoot;
    }
    case UnwindRule::Kind::kNone:
      return frame_pointer_step(StackEnd::kNoUnwindInfo);
    case UnwindRule::Kind::kBad:
      return frame_pointer_step(StackEnd::kBadUnwindInfo);
  }
  CfiRow row;
  if (module->find_row(address, kind_, row) != ModuleCfi::Found::kRow)
    return StackEnd::kBadUnwindInfo;
  ++context_.statistics.slow_path_steps;
  return slow_step(row);
}

template <class Registers>
typename Walk<Registers>::Step Walk<Registers>::arrive(std::uint64_t pc, std::uint64_t sp,
                                                       AddressKind kind) {
  // No caller. An interrupted function may well have jumped to 0.
  if (pc == 0 && kind == AddressKind::kReturn) return StackEnd::kThreadRoot;
  pc_ = pc;
  sp_ = sp;
  kind_ = kind;
  return kContinue;
}

template <class Registers>
[[gnu::always_inline]] inline typename Walk<Registers>::Step Walk<Registers>::apply(
    const UnwindRule& rule, const StackMemory& stack, Position& at) {
  const std::uint64_t base = (rule.flags & UnwindRule::kCfaFromFramePointer) != 0 ? at.fp : at.sp;
  const std::uint64_t cfa = base + static_cast<std::uint64_t>(std::int64_t{rule.cfa_offset});
  std::uint64_t pc = 0;
  if ((rule.flags & UnwindRule::kReturnInRegister) != 0) {
    // Only a function that has called nobody still has it there.
    if (at.kind == AddressKind::kReturn || !registers().knows(kLinkRegister))
      return StackEnd::kBadUnwindInfo;
    if (cfa < at.sp) return StackEnd::kStackNotRising;
    pc = registers_[kLinkRegister];
  } else {
    if (cfa <= at.sp) return StackEnd::kStackNotRising;
    const std::uint64_t slot = cfa + static_cast<std::uint64_t>(std::int64_t{rule.ra_offset});
    if (!stack.read(slot, pc)) return stack.why_missing(slot);
  }
  // Whether it was saved differs from frame to frame and cannot be predicted: where it was not, the
  // word read is the return address once more, and not used.
  const bool saved = (rule.flags & UnwindRule::kFramePointerSaved) != 0;
  const std::int32_t fp_offset = saved ? rule.fp_offset : rule.ra_offset;
  const std::uint64_t fp_slot = cfa + static_cast<std::uint64_t>(std::int64_t{fp_offset});
  std::uint64_t fp = 0;
  if (stack.read(fp_slot, fp)) [[likely]] {
    // In an epilogue it has been popped already, and its slot lies below the stack pointer.
    const bool popped = at.kind == AddressKind::kInstruction && fp_slot < at.sp;
    at.fp = saved && !popped ? fp : at.fp;
  } else if (saved && !(at.kind == AddressKind::kInstruction && fp_slot < at.sp)) {
    return stack.why_missing(fp_slot);
  }
  constexpr int kFirst = std::countr_zero(Registers::kCalleeSaved);
  at.kept &= Registers::kCalleeSaved & ~(std::uint64_t{rule.saved} << kFirst);
  pc = Registers::return_address(pc);
  if (pc == 0) return StackEnd::kThreadRoot;
  at.pc = pc;
  at.sp = cfa;
  at.kind = AddressKind::kReturn;
  return kContinue;
}

template <class Registers>
typename Walk<Registers>::Step Walk<Registers>::fast_step(const UnwindRule& rule) {
  Position at{.pc = pc_, .sp = sp_, .fp = fp_, .kind = kind_};
  const Step end = apply(rule, stack_, at);
  move_to(at);
  return end;
}

template <class Registers>
void Walk<Registers>::move_to(const Position& at) {
  pc_ = at.pc;
  sp_ = at.sp;
  fp_ = at.fp;
  kind_ = at.kind;
  kept_ &= at.kept;
  through_frame_pointers_ = false;
}

// The loop that nearly every frame is unwound in. From one return address to the next each step
// waits for the one before, so what can be is kept in registers: the position, and the mapping of
// the frame before, which mostly is this frame's too.
template <class Registers>
typename Walk<Registers>::Step Walk<Registers>::walk_cached_rules() {
  Position at{.pc = pc_, .sp = sp_, .fp = fp_, .kind = kind_};
  const StackMemory stack = stack_;
  UserFrame* const first = frames_.end();
  UserFrame* next = first;
  process::Mapping mapping;  // empty: holds no address
  RuleCache::Entry* callee = nullptr;
  Step end = kContinue;
  while (next != frames_.limit()) {
    const CodeAddress<RuntimeAddress> address{.address = RuntimeAddress(at.pc), .kind = at.kind};
    const RuntimeAddress lookup = address.lookup();
    if (lookup - mapping.start >= mapping.end - mapping.start) {
      const process::Mapping* found = context_.mappings.find(space_, lookup);
      if (found == nullptr) break;
      mapping = *found;
    }
    const std::uint64_t in_module = mapping.to_module(lookup).value();
    const std::uint32_t module = mapping.module.row();
    RuleCache::Entry* const entry = context_.rules.find(module, in_module);
    if (entry == nullptr || entry->rule.kind != UnwindRule::Kind::kStep) break;
    context_.rules.prefetch_caller(*entry);
    if (callee != nullptr) context_.rules.set_caller(*callee, *entry);
    callee = entry;
    *next++ = {.address = address,
               .module = mapping.module,
               .module_address = in_module,
               .stack_pointer = at.sp};
    end = apply(entry->rule, stack, at);
    if (end) break;
  }
  if (next == first) return end;
  frames_.set_end(next);
  context_.statistics.cache_hits += static_cast<std::uint64_t>(next - first);
  move_to(at);
  return end;
}

template <class Registers>
typename Walk<Registers>::Step Walk<Registers>::step_from_nowhere() {
  std::uint64_t pc = 0;
  if (kind_ == AddressKind::kInstruction && pc_ < kLowestMapping) {
    if constexpr (Registers::kCallPushes) {
      if (stack_.read(sp_, pc) && is_code(pc))
        return arrive(pc, sp_ + sizeof pc, AddressKind::kReturn);
    } else if (registers().knows(kLinkRegister)) {
      pc = Registers::return_address(registers_[kLinkRegister]);
      if (is_code(pc)) return arrive(pc, sp_, AddressKind::kReturn);
    }
  }
  return frame_pointer_step(StackEnd::kNoMapping);
}

template <class Registers>
bool Walk<Registers>::is_code(std::uint64_t return_address) {
  return return_address != 0 &&
         context_.mappings.find(space_, RuntimeAddress(return_address - 1)) != nullptr;
}

template <class Registers>
bool Walk<Registers>::is_way_out_known(const UserFrame& frame, UnwindRule& rule) {
  if constexpr (!Registers::kCallPushes) return false;
  if (snapshot_.code == nullptr) return false;
  CfiRow row;
  const auto code = snapshot_.code->code_at(frame.address.address);
  if (!x86_64::row_of_way_out(code, ModuleAddress(frame.module_address), row)) return false;
  rule = compile<Registers>(row);
  if (rule.kind != UnwindRule::Kind::kStep) return false;
  // The code may have been replaced since, or be no straight one: what it leads to must be a call.
  const bool from_fp = (rule.flags & UnwindRule::kCfaFromFramePointer) != 0;
  const std::uint64_t cfa =
      (from_fp ? fp_ : sp_) + static_cast<std::uint64_t>(std::int64_t{rule.cfa_offset});
  std::uint64_t pc = 0;
  return cfa > sp_ &&
         stack_.read(cfa + static_cast<std::uint64_t>(std::int64_t{rule.ra_offset}), pc) &&
         is_code(pc);
}

template <class Registers>
typename Walk<Registers>::Step Walk<Registers>::frame_pointer_step(StackEnd without) {
  // The outermost frame of a thread has 0 there (System V ABI AMD64 §3.4.1, AAPCS64 §6.4.6).
  if (fp_ == 0 && kind_ == AddressKind::kReturn) return StackEnd::kThreadRoot;
  const StackEnd bad = through_frame_pointers_ ? StackEnd::kBadFramePointer : without;
  if (fp_ < sp_ || fp_ % kWord != 0) return bad;
  std::uint64_t caller_fp = 0;
  std::uint64_t pc = 0;
  if (!stack_.read(fp_, caller_fp) || !stack_.read(fp_ + kWord, pc)) {
    // Only a chain that has been right so far is believed to go on beyond the copied bytes.
    return through_frame_pointers_ ? stack_.why_missing(fp_ + kWord) : bad;
  }
  pc = Registers::return_address(pc);
  if (pc == 0) return frames_.size() > 1 ? StackEnd::kThreadRoot : bad;
  if (!is_code(pc)) return bad;

  ++context_.statistics.frame_pointer_steps;
  sp_ = fp_ + 2 * kWord;
  fp_ = caller_fp;
  kept_ = 0;
  through_frame_pointers_ = true;
  return arrive(pc, sp_, AddressKind::kReturn);
}

template class Walk<x86_64::Registers>;
template class Walk<aarch64::Registers>;

}  // namespace profiler::unwind
