// One walk up one stack: the loop behind Unwinder::unwind.
//
//   Walk<x86_64::Registers> walk(context, snapshot, space);
//   StackEnd end = walk.run();
//   context.frames.copy_to(frames);
//
// Two gears. Fast: compiled rules, which need the stack pointer, the frame pointer and the program
// counter only. Slow, for a row that a rule cannot express: all registers that are still known. A
// row that needs a register which fast steps have let go (rare: a stack realigned through R10)
// makes the walk start again in slow gear throughout.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "process/address_space.h"
#include "unwind/cfi_row.h"
#include "unwind/expression.h"
#include "unwind/mapping_cache.h"
#include "unwind/module_cfi.h"
#include "unwind/register_set.h"
#include "unwind/rule_cache.h"
#include "unwind/stack_memory.h"
#include "unwind/unwind_rule.h"
#include "unwind/unwinder.h"

namespace profiler::unwind {

/// The frames of the walk under way. A vector's push_back would cost a third of each step.
class FrameBuffer {
 public:
  FrameBuffer()
      : frames_(std::make_unique_for_overwrite<UserFrame[]>(Unwinder::kMaxFrames)),
        end_(frames_.get()) {}

  [[nodiscard]] const UserFrame* begin() const { return frames_.get(); }
  [[nodiscard]] UserFrame* end() const { return end_; }
  /// Where it is full.
  [[nodiscard]] const UserFrame* limit() const { return frames_.get() + Unwinder::kMaxFrames; }
  [[nodiscard]] std::size_t size() const { return static_cast<std::size_t>(end_ - frames_.get()); }
  [[nodiscard]] bool is_full() const { return end_ == limit(); }
  void clear() { end_ = frames_.get(); }
  /// Not when full.
  void push(const UserFrame& frame) { *end_++ = frame; }
  /// After frames were written from end() on.
  void set_end(UserFrame* end) { end_ = end; }
  [[nodiscard]] UserFrame& back() { return end_[-1]; }
  void copy_to(std::vector<UserFrame>& frames) const {
    frames.assign(begin(), static_cast<const UserFrame*>(end_));
  }

 private:
  std::unique_ptr<UserFrame[]> frames_;
  UserFrame* end_;
};

/// Which of the values of a sample is which register: all samples of a recording have one mask.
class RegisterLayout {
 public:
  /// Of the register with perf's number `reg`, below 64; beyond any number of values: not sampled.
  [[nodiscard]] std::size_t index(std::uint64_t mask, unsigned reg) {
    if (mask != mask_) set(mask);
    return index_[reg];
  }

 private:
  static constexpr std::uint8_t kNotSampled = 0xff;

  void set(std::uint64_t mask) {
    mask_ = mask;
    std::uint8_t next = 0;
    for (std::size_t reg = 0; reg < index_.size(); ++reg)
      index_[reg] = (mask >> reg & 1U) != 0 ? next++ : kNotSampled;
  }

  std::uint64_t mask_ = 0;
  std::array<std::uint8_t, 64> index_ = filled();

  static constexpr std::array<std::uint8_t, 64> filled() {
    std::array<std::uint8_t, 64> none{};
    none.fill(kNotSampled);
    return none;
  }
};

/// What all walks of an Unwinder share.
struct WalkContext {
  std::vector<std::unique_ptr<ModuleCfi>> modules;  ///< By row of ModuleIndex; may be null.
  RuleCache rules;
  MappingCache mappings;
  FrameBuffer frames;
  RegisterLayout layout;
  UnwindStatistics statistics;

  [[nodiscard]] const ModuleCfi* module(ModuleIndex index) const {
    return index.row() < modules.size() ? modules[index.row()].get() : nullptr;
  }
};

template <class Registers>
class Walk {
 public:
  Walk(WalkContext& context, const StackSnapshot& snapshot, const process::AddressSpace& space)
      : context_(context), snapshot_(snapshot), space_(space), frames_(context.frames) {}

  /// The frames are in the context then.
  StackEnd run();

 private:
  /// Whether there is another frame, and if not, why.
  using Step = std::optional<StackEnd>;
  static constexpr Step kContinue = std::nullopt;
  /// Not aligned: fails every check of a frame pointer, where 0 would mean the end of the chain.
  static constexpr std::uint64_t kUnknownFp = 1;
  static constexpr std::uint64_t kAllRegisters = ~std::uint64_t{0};
  static constexpr std::uint64_t kWord = 8;
  static constexpr unsigned kLinkRegister = 30;  ///< aarch64
  /// vm.mmap_min_addr, by default: nothing is ever mapped below.
  static constexpr std::uint64_t kLowestMapping = 65536;
  /// More than the kernel pushes for a signal: 11 KiB with AMX, 10 KiB with SVE.
  static constexpr std::uint64_t kMaxSignalFrame = 16384;

  /// Goes to the sampled position. False: there is none.
  bool start();
  bool sampled(unsigned perf_register, std::uint64_t& value) const;
  static consteval unsigned perf_register(unsigned dwarf_register) {
    return static_cast<unsigned>(std::ranges::find(Registers::kFromPerf, dwarf_register) -
                                 Registers::kFromPerf.begin());
  }
  /// All that are still known, but for the three of a Position.
  RegisterSet& registers();
  StackEnd walk_frames();
  Step step_from(const UserFrame& frame);
  /// Where a walk is: all that compiled rules need.
  struct Position {
    std::uint64_t pc;
    std::uint64_t sp;
    std::uint64_t fp;
    AddressKind kind;
    std::uint64_t kept = kAllRegisters;  ///< Of the registers known before.
  };
  Step apply(const UnwindRule& rule, const StackMemory& stack, Position& at);
  void move_to(const Position& at);
  /// As far as cached rules go; the next frame, if it is not the end, needs more.
  Step walk_cached_rules();
  Step fast_step(const UnwindRule& rule);
  Step slow_step(const CfiRow& row);
  /// Of code without a module, by its instructions. False: they do not tell.
  bool is_way_out_known(const UserFrame& frame, UnwindRule& rule);
  Step frame_pointer_step(StackEnd without);
  /// Where nothing is mapped. A call of a null pointer has left its return address behind.
  Step step_from_nowhere();
  bool is_code(std::uint64_t return_address);

  UnwindRule compile_rule(const ModuleCfi& module, ModuleAddress address) const;
  const UnwindRule& rule_at(ModuleIndex index, const ModuleCfi& module, ModuleAddress address);
  Step resolve_cfa(const CfiRow& row, std::uint64_t& cfa);
  /// False: `value` cannot be known; `why` says why, if the walk depends on it.
  bool resolve_register(const CfiRow& row, unsigned reg, std::uint64_t cfa, std::uint64_t& value,
                        StackEnd& why);
  Step failed(const ExpressionResult& result);
  Step missing(std::uint64_t address) const { return stack_.why_missing(address); }
  Step arrive(std::uint64_t pc, std::uint64_t sp, AddressKind kind);

  WalkContext& context_;
  const StackSnapshot& snapshot_;
  const process::AddressSpace& space_;
  FrameBuffer& frames_;

  /// Most walks never look at it: it is filled by registers(), and until then `kept_` says which of
  /// the sampled values fast steps have left to the caller.
  RegisterSet registers_;
  bool loaded_ = false;
  std::uint64_t kept_ = kAllRegisters;
  std::uint64_t pc_ = 0;
  std::uint64_t sp_ = 0;
  std::uint64_t fp_ = 0;
  AddressKind kind_ = AddressKind::kInstruction;
  StackMemory stack_{0, {}, 0};
  bool slow_gear_ = false;
  bool restart_ = false;
  bool through_frame_pointers_ = false;  ///< The last step was one.
};

}  // namespace profiler::unwind
