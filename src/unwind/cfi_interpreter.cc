#include "unwind/cfi_interpreter.h"

#include <vector>

namespace profiler::unwind {

namespace {

using symbolizer::CfiCursor;
using symbolizer::Fde;

// DW_CFA_*: DWARF 5 table 7.29, LSB Core "DWARF Extensions", AADWARF64 "Call frame instructions".
enum Instruction : std::uint8_t {
  kAdvanceLoc = 0x40,  // the top two bits; the operand is in the rest
  kOffset = 0x80,
  kRestore = 0xc0,
  kNop = 0x00,
  kSetLoc = 0x01,
  kAdvanceLoc1 = 0x02,
  kAdvanceLoc2 = 0x03,
  kAdvanceLoc4 = 0x04,
  kOffsetExtended = 0x05,
  kRestoreExtended = 0x06,
  kUndefined = 0x07,
  kSameValue = 0x08,
  kRegister = 0x09,
  kRememberState = 0x0a,
  kRestoreState = 0x0b,
  kDefCfa = 0x0c,
  kDefCfaRegister = 0x0d,
  kDefCfaOffset = 0x0e,
  kDefCfaExpression = 0x0f,
  kExpression = 0x10,
  kOffsetExtendedSf = 0x11,
  kDefCfaSf = 0x12,
  kDefCfaOffsetSf = 0x13,
  kValOffset = 0x14,
  kValOffsetSf = 0x15,
  kValExpression = 0x16,
  kMipsAdvanceLoc8 = 0x1d,
  kAarch64NegateRaStateWithPc = 0x2c,
  kAarch64NegateRaState = 0x2d,
  kGnuArgsSize = 0x2e,
  kGnuNegativeOffsetExtended = 0x2f,
};

// Compilers nest two deep at most; the limit only bounds the memory that a hostile file can ask.
constexpr std::size_t kMaxRememberedStates = 64;

class Interpreter {
 public:
  Interpreter(const Fde& fde, ModuleAddress address, CfiRow& row)
      : fde_(fde), address_(address), row_(row) {}

  bool run() {
    row_ = {};
    row_.start = fde_.start;
    row_.end = fde_.end() > address_ ? fde_.end() : address_ + 1;
    row_.return_address_register = fde_.cie.return_address_register;
    row_.signal_frame = fde_.cie.signal_frame;
    if (!execute(fde_.cie.instructions)) return false;
    initial_ = row_.registers;
    return execute(fde_.instructions) && row_.start <= address_;
  }

 private:
  using Kind = RegisterRule::Kind;
  struct State {
    CfaRule cfa;
    RegisterRules registers;
    bool signed_return_address;
  };

  // True also once the row of the address is complete. The one place that one() is inlined in.
  [[gnu::noinline]] bool execute(std::span<const std::byte> instructions) {
    CfiCursor cursor(instructions);
    while (!done_ && !cursor.at_end()) {
      if (!one(cursor) || !cursor.ok()) return false;
    }
    return cursor.ok();
  }

  [[gnu::always_inline]] bool one(CfiCursor& cursor) {
    const std::uint8_t code = cursor.u8();
    switch (code & 0xc0U) {
      case kAdvanceLoc:
        return advance(code & 0x3fU);
      case kOffset:
        set(code & 0x3fU, Kind::kOffset, factored(cursor.uleb()));
        return true;
      case kRestore:
        restore(code & 0x3fU);
        return true;
      default:
        break;
    }
    switch (code) {
      case kNop:
        return true;
      case kSetLoc: {
        symbolizer::PointerBases bases = fde_.bases;
        const auto target = cursor.pointer(fde_.cie.pointer_encoding, bases);
        return target && move_to(ModuleAddress(*target));
      }
      case kAdvanceLoc1:
        return advance(cursor.u8());
      case kAdvanceLoc2:
        return advance(cursor.u16());
      case kAdvanceLoc4:
        return advance(cursor.u32());
      case kMipsAdvanceLoc8:
        return advance(cursor.u64());
      case kOffsetExtended: {
        const std::uint64_t reg = cursor.uleb();
        set(reg, Kind::kOffset, factored(cursor.uleb()));
        return true;
      }
      case kOffsetExtendedSf: {
        const std::uint64_t reg = cursor.uleb();
        set(reg, Kind::kOffset, factored(static_cast<std::uint64_t>(cursor.sleb())));
        return true;
      }
      case kGnuNegativeOffsetExtended: {
        const std::uint64_t reg = cursor.uleb();
        set(reg, Kind::kOffset, factored(0 - cursor.uleb()));
        return true;
      }
      case kValOffset: {
        const std::uint64_t reg = cursor.uleb();
        set(reg, Kind::kValueOffset, factored(cursor.uleb()));
        return true;
      }
      case kValOffsetSf: {
        const std::uint64_t reg = cursor.uleb();
        set(reg, Kind::kValueOffset, factored(static_cast<std::uint64_t>(cursor.sleb())));
        return true;
      }
      case kRestoreExtended:
        restore(cursor.uleb());
        return true;
      case kUndefined:
        set(cursor.uleb(), Kind::kUndefined, 0);
        return true;
      case kSameValue:
        set(cursor.uleb(), Kind::kSameValue, 0);
        return true;
      case kRegister: {
        const std::uint64_t reg = cursor.uleb();
        set(reg, Kind::kRegister, static_cast<std::int64_t>(cursor.uleb()));
        return true;
      }
      case kExpression:
      case kValExpression: {
        const std::uint64_t reg = cursor.uleb();
        const auto expression = cursor.take(cursor.uleb());
        set(reg, code == kExpression ? Kind::kExpression : Kind::kValueExpression,
            static_cast<std::int64_t>(expression.size()), expression.data());
        return true;
      }
      case kRememberState:
        if (remembered_.size() == kMaxRememberedStates) return false;
        remembered_.push_back({.cfa = row_.cfa,
                               .registers = row_.registers,
                               .signed_return_address = row_.signed_return_address});
        return true;
      case kRestoreState: {
        if (remembered_.empty()) return false;
        const State& state = remembered_.back();
        row_.cfa = state.cfa;
        row_.registers = state.registers;
        row_.signed_return_address = state.signed_return_address;
        remembered_.pop_back();
        return true;
      }
      case kDefCfa: {
        const std::uint64_t reg = cursor.uleb();
        define_cfa(reg, static_cast<std::int64_t>(cursor.uleb()));
        return true;
      }
      case kDefCfaSf: {
        const std::uint64_t reg = cursor.uleb();
        define_cfa(reg, factored(static_cast<std::uint64_t>(cursor.sleb())));
        return true;
      }
      case kDefCfaRegister: {
        const std::uint64_t reg = cursor.uleb();
        if (row_.cfa.kind != CfaRule::Kind::kRegister) return false;
        row_.cfa.reg = reg;
        return true;
      }
      case kDefCfaOffset:
        return define_cfa_offset(static_cast<std::int64_t>(cursor.uleb()));
      case kDefCfaOffsetSf:
        return define_cfa_offset(factored(static_cast<std::uint64_t>(cursor.sleb())));
      case kDefCfaExpression:
        row_.cfa = {.kind = CfaRule::Kind::kExpression,
                    .reg = 0,
                    .offset = 0,
                    .expression = cursor.take(cursor.uleb())};
        return true;
      case kAarch64NegateRaState:
      case kAarch64NegateRaStateWithPc:
        row_.signed_return_address = !row_.signed_return_address;
        return true;
      case kGnuArgsSize:
        cursor.uleb();  // pushed arguments: of interest to exception landing pads only
        return true;
      default:
        return false;
    }
  }

  // Products wrap, as the target's own arithmetic does.
  [[nodiscard]] std::int64_t factored(std::uint64_t value) const {
    return static_cast<std::int64_t>(value * static_cast<std::uint64_t>(fde_.cie.data_alignment));
  }

  void set(std::uint64_t reg, Kind kind, std::int64_t value, const std::byte* data = nullptr) {
    if (reg >= RegisterSet::kCount) return;  // a vector register: not tracked
    row_.registers.set(reg, {.kind = kind, .value = value, .expression_data = data});
  }

  void restore(std::uint64_t reg) {
    if (reg < RegisterSet::kCount) row_.registers.set(reg, initial_[reg]);
  }

  void define_cfa(std::uint64_t reg, std::int64_t offset) {
    row_.cfa = {.kind = CfaRule::Kind::kRegister, .reg = reg, .offset = offset, .expression = {}};
  }

  bool define_cfa_offset(std::int64_t offset) {
    if (row_.cfa.kind != CfaRule::Kind::kRegister) return false;
    row_.cfa.offset = offset;
    return true;
  }

  bool advance(std::uint64_t delta) {
    return move_to(row_.start + delta * fde_.cie.code_alignment);
  }

  // A new row begins at `target`: the one so far is the answer if the address lies before it.
  bool move_to(ModuleAddress target) {
    if (target < row_.start) return false;
    if (target > address_ && target < fde_.end()) {
      row_.end = target;
      done_ = true;
    } else if (target > address_) {
      done_ = true;
    } else {
      row_.start = target;
    }
    return true;
  }

  const Fde& fde_;
  ModuleAddress address_;
  CfiRow& row_;
  RegisterRules initial_;
  std::vector<State> remembered_;
  bool done_ = false;
};

}  // namespace

bool find_row(const symbolizer::Fde& fde, ModuleAddress address, CfiRow& row) {
  return Interpreter(fde, address, row).run();
}

}  // namespace profiler::unwind
