#include "unwind/expression.h"

#include <array>

#include "symbolizer/elf/cfi_cursor.h"
#include "unwind/arch/aarch64/registers.h"
#include "unwind/arch/x86_64/registers.h"

namespace profiler::unwind {

namespace {

using symbolizer::CfiCursor;

// DW_OP_*: DWARF 5 table 7.9.
enum Operation : std::uint8_t {
  kAddr = 0x03,
  kDeref = 0x06,
  kConst1u = 0x08,
  kConst1s = 0x09,
  kConst2u = 0x0a,
  kConst2s = 0x0b,
  kConst4u = 0x0c,
  kConst4s = 0x0d,
  kConst8u = 0x0e,
  kConst8s = 0x0f,
  kConstu = 0x10,
  kConsts = 0x11,
  kDup = 0x12,
  kDrop = 0x13,
  kOver = 0x14,
  kPick = 0x15,
  kSwap = 0x16,
  kRot = 0x17,
  kAbs = 0x19,
  kAnd = 0x1a,
  kDiv = 0x1b,
  kMinus = 0x1c,
  kMod = 0x1d,
  kMul = 0x1e,
  kNeg = 0x1f,
  kNot = 0x20,
  kOr = 0x21,
  kPlus = 0x22,
  kPlusUconst = 0x23,
  kShl = 0x24,
  kShr = 0x25,
  kShra = 0x26,
  kXor = 0x27,
  kBra = 0x28,
  kEq = 0x29,
  kGe = 0x2a,
  kGt = 0x2b,
  kLe = 0x2c,
  kLt = 0x2d,
  kNe = 0x2e,
  kSkip = 0x2f,
  kLit0 = 0x30,
  kLit31 = 0x4f,
  kBreg0 = 0x70,
  kBreg31 = 0x8f,
  kBregx = 0x92,
  kDerefSize = 0x94,
  kNop = 0x96,
};

constexpr int kMaxOperations = 4096;
constexpr std::size_t kMaxDepth = 64;

class Evaluator {
 public:
  Evaluator(std::span<const std::byte> expression, const RegisterSet& registers,
            const StackMemory& memory)
      : expression_(expression), cursor_(expression), registers_(registers), memory_(memory) {}

  ExpressionResult run(std::optional<std::uint64_t> pushed) {
    if (pushed) push(*pushed);
    for (int steps = 0; !failed() && !cursor_.at_end(); ++steps) {
      if (steps == kMaxOperations) fail(ExpressionFailure::kMalformed);
      one(cursor_.u8());
      if (!cursor_.ok()) fail(ExpressionFailure::kMalformed);
    }
    const std::uint64_t value = pop();
    if (!failed()) result_.value = value;
    return result_;
  }

 private:
  [[nodiscard]] bool failed() const { return result_.failure != ExpressionFailure::kNone; }
  // The first failure stays.
  void fail(ExpressionFailure failure, std::uint64_t detail = 0) {
    if (!failed()) result_ = {.value = 0, .failure = failure, .detail = detail};
  }

  void push(std::uint64_t value) {
    if (depth_ == kMaxDepth) return fail(ExpressionFailure::kMalformed);
    stack_[depth_++] = value;
  }
  std::uint64_t pop() {
    if (depth_ == 0) {
      fail(ExpressionFailure::kMalformed);
      return 0;
    }
    return stack_[--depth_];
  }
  void pick(std::size_t index) {
    if (index >= depth_) return fail(ExpressionFailure::kMalformed);
    push(stack_[depth_ - 1 - index]);
  }

  void push_register(std::uint64_t reg, std::int64_t offset) {
    if (!registers_.knows(reg)) return fail(ExpressionFailure::kUnknownRegister, reg);
    push(registers_[reg] + static_cast<std::uint64_t>(offset));
  }

  void dereference(unsigned size) {
    const std::uint64_t address = pop();
    std::uint64_t value = 0;
    if (size == 0 || size > 8) return fail(ExpressionFailure::kMalformed);
    if (failed()) return;
    if (!memory_.read_bytes(address, size, value)) {
      return fail(ExpressionFailure::kMissingMemory, address);
    }
    push(value);
  }

  void jump(std::int16_t distance) {
    const std::int64_t target = static_cast<std::int64_t>(cursor_.position()) + distance;
    if (!cursor_.ok() || target < 0 || target > static_cast<std::int64_t>(expression_.size())) {
      return fail(ExpressionFailure::kMalformed);
    }
    cursor_ = CfiCursor(expression_, static_cast<std::size_t>(target));
  }

  template <class Function>
  void binary(Function function) {
    const std::uint64_t top = pop();
    const std::uint64_t second = pop();
    push(static_cast<std::uint64_t>(function(second, top)));
  }

  template <class Function>
  void compare(Function function) {
    binary([&](std::uint64_t a, std::uint64_t b) {
      return function(static_cast<std::int64_t>(a), static_cast<std::int64_t>(b)) ? 1 : 0;
    });
  }

  void divide() {
    const auto divisor = static_cast<std::int64_t>(pop());
    const std::uint64_t dividend = pop();
    if (divisor == 0) return fail(ExpressionFailure::kMalformed);
    // Negated by hand: the smallest number divided by -1 does not fit.
    push(divisor == -1 ? 0 - dividend
                       : static_cast<std::uint64_t>(static_cast<std::int64_t>(dividend) / divisor));
  }

  void one(std::uint8_t code) {
    using U = std::uint64_t;
    using S = std::int64_t;
    if (code >= kLit0 && code <= kLit31) return push(U{code} - kLit0);
    if (code >= kBreg0 && code <= kBreg31) return push_register(U{code} - kBreg0, cursor_.sleb());
    switch (code) {
      case kAddr:
      case kConst8u:
      case kConst8s:
        return push(cursor_.u64());
      case kConst1u:
        return push(cursor_.u8());
      case kConst1s:
        return push(static_cast<U>(S{cursor_.s8()}));
      case kConst2u:
        return push(cursor_.u16());
      case kConst2s:
        return push(static_cast<U>(S{cursor_.s16()}));
      case kConst4u:
        return push(cursor_.u32());
      case kConst4s:
        return push(static_cast<U>(S{cursor_.s32()}));
      case kConstu:
        return push(cursor_.uleb());
      case kConsts:
        return push(static_cast<U>(cursor_.sleb()));
      case kDeref:
        return dereference(8);
      case kDerefSize:
        return dereference(cursor_.u8());
      case kDup:
        return pick(0);
      case kDrop:
        pop();
        return;
      case kOver:
        return pick(1);
      case kPick:
        return pick(cursor_.u8());
      case kSwap: {
        const U top = pop();
        const U second = pop();
        push(top);
        return push(second);
      }
      case kRot: {
        const U first = pop();
        const U second = pop();
        const U third = pop();
        push(first);
        push(third);
        return push(second);
      }
      case kAbs: {
        const U value = pop();
        return push(static_cast<S>(value) < 0 ? 0 - value : value);
      }
      case kNeg:
        return push(0 - pop());
      case kNot:
        return push(~pop());
      case kAnd:
        return binary([](U a, U b) { return a & b; });
      case kOr:
        return binary([](U a, U b) { return a | b; });
      case kXor:
        return binary([](U a, U b) { return a ^ b; });
      case kPlus:
        return binary([](U a, U b) { return a + b; });
      case kMinus:
        return binary([](U a, U b) { return a - b; });
      case kMul:
        return binary([](U a, U b) { return a * b; });
      case kDiv:
        return divide();
      case kMod: {
        const U divisor = pop();
        const U dividend = pop();
        if (divisor == 0) return fail(ExpressionFailure::kMalformed);
        return push(dividend % divisor);
      }
      case kPlusUconst: {
        const U addend = cursor_.uleb();
        return push(pop() + addend);
      }
      case kShl:
        return binary([](U a, U b) { return b < 64 ? a << b : 0; });
      case kShr:
        return binary([](U a, U b) { return b < 64 ? a >> b : 0; });
      case kShra:
        return binary([](U a, U b) { return static_cast<S>(a) >> (b < 64 ? b : 63); });
      case kEq:
        return compare([](S a, S b) { return a == b; });
      case kGe:
        return compare([](S a, S b) { return a >= b; });
      case kGt:
        return compare([](S a, S b) { return a > b; });
      case kLe:
        return compare([](S a, S b) { return a <= b; });
      case kLt:
        return compare([](S a, S b) { return a < b; });
      case kNe:
        return compare([](S a, S b) { return a != b; });
      case kSkip:
        return jump(cursor_.s16());
      case kBra: {
        const std::int16_t distance = cursor_.s16();
        if (pop() != 0) jump(distance);
        return;
      }
      case kBregx: {
        const U reg = cursor_.uleb();
        return push_register(reg, cursor_.sleb());
      }
      case kNop:
        return;
      default:
        return fail(ExpressionFailure::kMalformed);
    }
  }

  std::span<const std::byte> expression_;
  CfiCursor cursor_;
  const RegisterSet& registers_;
  const StackMemory& memory_;
  std::array<std::uint64_t, kMaxDepth> stack_{};
  std::size_t depth_ = 0;
  ExpressionResult result_;
};

}  // namespace

ExpressionResult evaluate(std::span<const std::byte> expression, const RegisterSet& registers,
                          const StackMemory& stack, std::optional<std::uint64_t> pushed) {
  return Evaluator(expression, registers, stack).run(pushed);
}

template <class Registers>
std::optional<std::int64_t> offset_from_stack_pointer(std::span<const std::byte> expression,
                                                      std::uint64_t address) {
  const StackMemory nothing(0, {}, 0);
  const auto offset = [&](std::uint64_t pc, std::uint64_t sp) -> std::optional<std::int64_t> {
    RegisterSet registers;
    registers.set(Registers::kProgramCounter, pc);
    registers.set(Registers::kStackPointer, sp);
    const ExpressionResult result = evaluate(expression, registers, nothing, std::nullopt);
    if (result.failure != ExpressionFailure::kNone) return std::nullopt;
    return static_cast<std::int64_t>(result.value - sp);
  };
  // Two of each: what does not differ between them is taken not to depend on it.
  constexpr std::array<std::uint64_t, 2> kBias = {0, 0x5555'5555'4000};
  constexpr std::array<std::uint64_t, 2> kStackPointer = {0x7fff'0123'4560, 0x1000'0007'f008};
  const auto first = offset(address, kStackPointer[0]);
  for (const std::uint64_t bias : kBias) {
    for (const std::uint64_t sp : kStackPointer) {
      // A return address is looked up a byte before.
      for (const std::uint64_t pc : {address, address + 1}) {
        if (!first || offset(pc + bias, sp) != first) return std::nullopt;
      }
    }
  }
  return first;
}

template std::optional<std::int64_t> offset_from_stack_pointer<x86_64::Registers>(
    std::span<const std::byte> expression, std::uint64_t address);
template std::optional<std::int64_t> offset_from_stack_pointer<aarch64::Registers>(
    std::span<const std::byte> expression, std::uint64_t address);

}  // namespace profiler::unwind
