// Stacks and call frame information made by hand: aarch64, code without CFI, and the reasons for
// which a walk ends.
#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <map>
#include <optional>
#include <vector>

#include "synthetic_module.h"
#include "unwind/unwinder.h"

namespace profiler::unwind {
namespace {

using test::CfiBytes;
using test::SyntheticModule;

constexpr std::uint64_t kBias = 0x5500'0000'0000;
constexpr std::uint64_t kStack = 0x7fff'0000'1000;

/// Registers by perf's number, and words of stack by address.
struct Machine {
  explicit Machine(Architecture a) : architecture(a) {}

  Machine& word(std::uint64_t address, std::uint64_t value) {
    if (stack.size() < address - kStack + 8) stack.resize(address - kStack + 8);
    std::memcpy(stack.data() + (address - kStack), &value, 8);
    return *this;
  }

  StackEnd run(const SyntheticModule& module) {
    Unwinder unwinder(architecture);
    const auto file = module.file();
    EXPECT_NE(file, nullptr);
    if (file) unwinder.add_module(ModuleIndex(0), file);
    return run(unwinder);
  }

  StackEnd run(Unwinder& unwinder) {
    process::AddressSpace space;
    space.map({.start = RuntimeAddress(kBias),
               .end = RuntimeAddress(kBias + SyntheticModule::kCodeSize),
               .module = ModuleIndex(0),
               .bias = kBias});
    std::vector<std::uint64_t> values;
    std::uint64_t mask = 0;
    for (const auto& [number, value] : registers) {
      mask |= std::uint64_t{1} << number;
      values.push_back(value);
    }
    const StackEnd end = unwinder.unwind({.registers = {.abi = abi, .mask = mask, .values = values},
                                          .bytes = stack,
                                          .requested_bytes = requested.value_or(stack.size())},
                                         space, frames);
    statistics = unwinder.statistics();
    return end;
  }

  /// Of the frames, less the bias where they lie in the module.
  [[nodiscard]] std::vector<std::uint64_t> addresses() const {
    std::vector<std::uint64_t> all;
    for (const UserFrame& frame : frames) {
      const std::uint64_t value = frame.address.address.value();
      all.push_back(frame.module ? value - kBias : value);
    }
    return all;
  }

  Architecture architecture;
  std::uint64_t abi = 2;
  std::map<unsigned, std::uint64_t> registers;
  std::vector<std::byte> stack;
  std::optional<std::uint64_t> requested;
  std::vector<UserFrame> frames;
  UnwindStatistics statistics;
};

using Addresses = std::vector<std::uint64_t>;

// ---- aarch64 -----------------------------------------------------------------------------------

constexpr unsigned kX29 = 29;
constexpr unsigned kLr = 30;
constexpr unsigned kArmSp = 31;
constexpr unsigned kArmPc = 32;

/// 0x1000: a leaf that keeps LR. 0x2000: stp x29, x30, [sp, #-32]!. 0x3000: the thread's start.
/// 0x4000: as 0x2000, with a signed return address.
SyntheticModule arm_module() {
  SyntheticModule module(EM_AARCH64);
  const auto cie = module.add_cie("", 4, -8, kLr, CfiBytes().def_cfa(kArmSp, 0));
  module.add_fde(cie, 0x1000, 0x100, CfiBytes());
  const CfiBytes frame = CfiBytes().advance(1).def_cfa_offset(32).offset(kX29, 4).offset(kLr, 3);
  module.add_fde(cie, 0x2000, 0x100, frame);
  module.add_fde(cie, 0x3000, 0x100, CfiBytes().undefined(kLr));
  module.add_fde(cie, 0x4000, 0x100, CfiBytes().negate_ra_state().append(frame));
  return module;
}

Machine arm_leaf() {
  Machine machine(Architecture::kAarch64);
  machine.registers = {
      {kX29, kStack + 0x100}, {kLr, kBias + 0x2010}, {kArmSp, kStack}, {kArmPc, kBias + 0x1004}};
  // The frame of 0x2000: FP and LR at the bottom of 32 bytes.
  machine.word(kStack, kStack + 0x200).word(kStack + 8, kBias + 0x3020).word(kStack + 0x40, 0);
  return machine;
}

TEST(Aarch64, FollowsTheLinkRegisterOfALeafAndThenTheStack) {
  Machine machine = arm_leaf();
  EXPECT_EQ(machine.run(arm_module()), StackEnd::kUndefinedReturnAddress);
  EXPECT_EQ(machine.addresses(), (Addresses{0x1004, 0x2010, 0x3020}));
  EXPECT_EQ(machine.frames[1].module_address, 0x200fU);
}

TEST(Aarch64, RemovesThePointerAuthenticationCode) {
  Machine machine = arm_leaf();
  machine.registers[kLr] = kBias + 0x4010;
  machine.word(kStack + 8, (kBias + 0x3020) | 0x003a'0000'0000'0000);
  EXPECT_EQ(machine.run(arm_module()), StackEnd::kUndefinedReturnAddress);
  EXPECT_EQ(machine.addresses(), (Addresses{0x1004, 0x4010, 0x3020}));
}

TEST(Aarch64, DoesNotBelieveTheLinkRegisterOfAFrameThatHasCalled) {
  Machine machine = arm_leaf();
  machine.registers[kLr] = kBias + 0x1050;  // another "leaf": its own LR is long gone
  EXPECT_EQ(machine.run(arm_module()), StackEnd::kBadUnwindInfo);
  EXPECT_EQ(machine.addresses(), (Addresses{0x1004, 0x1050}));
}

TEST(Aarch64, FollowsFrameRecordsWhereThereIsNoInformation) {
  Machine machine = arm_leaf();
  machine.registers[kArmPc] = kBias + 0x8000;
  machine.registers[kX29] = kStack + 0x20;
  machine.word(kStack + 0x20, 0).word(kStack + 0x28, kBias + 0x8100);
  EXPECT_EQ(machine.run(arm_module()), StackEnd::kThreadRoot);
  EXPECT_EQ(machine.addresses(), (Addresses{0x8000, 0x8100}));
  EXPECT_EQ(machine.statistics.frame_pointer_steps, 1U);
}

TEST(Aarch64, GoesThroughASignalHandlerToTheInterruptedInstruction) {
  // The vdso's way back has no information: mov x8, #139; svc #0.
  SyntheticModule module = arm_module();
  module.set_code(0x9000, {0x68, 0x11, 0x80, 0xd2, 0x01, 0x00, 0x00, 0xd4});
  Machine machine = arm_leaf();
  machine.registers[kLr] = kBias + 0x9000;  // the handler is a leaf that returns there
  const std::uint64_t context = kStack + 128 + 176 + 8;
  machine.word(context + 8UL * kX29, 0x1234)
      .word(context + 8UL * kLr, kBias + 0x2010)
      .word(context + 8UL * kArmSp, kStack + 0x400)
      .word(context + 8UL * kArmPc, kBias + 0x1008)
      .word(kStack + 0x400, 0)
      .word(kStack + 0x408, kBias + 0x3020)
      .word(kStack + 0x500, 0);
  EXPECT_EQ(machine.run(module), StackEnd::kUndefinedReturnAddress);
  EXPECT_EQ(machine.addresses(), (Addresses{0x1004, 0x9000, 0x1008, 0x2010, 0x3020}));
  EXPECT_EQ(machine.frames[1].module_address, 0x9000U);
  EXPECT_EQ(machine.frames[2].address.kind, AddressKind::kInstruction);
}

TEST(Aarch64, BelievesTheInstructionsOfATrampolineOverItsDescription) {
  // Before Linux 5.8 the vdso described a chain by frame record: it skips the interrupted function.
  SyntheticModule module = arm_module();
  module.set_code(0x9000, {0x68, 0x11, 0x80, 0xd2, 0x01, 0x00, 0x00, 0xd4});
  const auto cie =
      module.add_cie("zS", 4, -8, kLr, CfiBytes().def_cfa(kX29, 0).offset(kX29, 0).offset(kLr, 1));
  module.add_fde(cie, 0x8ffc, 0x10, CfiBytes(), true);
  Machine machine = arm_leaf();
  machine.registers[kLr] = kBias + 0x9000;
  const std::uint64_t context = kStack + 128 + 176 + 8;
  machine.word(context + 8UL * kArmSp, kStack + 0x400)
      .word(context + 8UL * kArmPc, kBias + 0x3008)
      .word(kStack + 0x400, 0);
  EXPECT_EQ(machine.run(module), StackEnd::kUndefinedReturnAddress);
  EXPECT_EQ(machine.addresses(), (Addresses{0x1004, 0x9000, 0x3008}));
}

// ---- x86-64 ------------------------------------------------------------------------------------

constexpr unsigned kBp = 6;
constexpr unsigned kSp = 7;
constexpr unsigned kIp = 8;
constexpr unsigned kDwarfRbp = 6;
constexpr unsigned kDwarfRsp = 7;
constexpr unsigned kDwarfRip = 16;

CfiBytes entry_row() { return CfiBytes().def_cfa(kDwarfRsp, 8).offset(kDwarfRip, 1); }

/// 0x1000: saves RBP and never moves on. 0x2000: as at a function's entry. 0x3000: the start.
SyntheticModule x86_module() {
  SyntheticModule module;
  const auto cie = module.add_cie("", 1, -8, kDwarfRip, entry_row());
  module.add_fde(cie, 0x1000, 0x100, CfiBytes().def_cfa_offset(16).offset(kDwarfRbp, 2));
  module.add_fde(cie, 0x2000, 0x100, CfiBytes());
  module.add_fde(cie, 0x3000, 0x100, CfiBytes().undefined(kDwarfRip));
  return module;
}

Machine x86_leaf(std::uint64_t pc) {
  Machine machine(Architecture::kX86_64);
  machine.registers = {{kBp, 0x1111}, {kSp, kStack}, {kIp, kBias + pc}};
  return machine;
}

TEST(X86_64, KeepsRbpWhenItsSlotIsBelowTheStackPointerOfALeaf) {
  SyntheticModule module = x86_module();
  // An epilogue after pop %rbp: CFA = rsp + 8, and the table still says that RBP is at CFA - 16.
  const auto cie = module.add_cie("", 1, -8, kDwarfRip, entry_row());
  module.add_fde(cie, 0x5000, 0x100, CfiBytes().offset(kDwarfRbp, 2));
  module.add_fde(cie, 0x6000, 0x100, CfiBytes().def_cfa(kDwarfRbp, 16).offset(kDwarfRbp, 2));
  Machine machine = x86_leaf(0x5000);
  machine.registers[kBp] = kStack + 0x20;
  machine.word(kStack, kBias + 0x6010).word(kStack + 0x20, 0).word(kStack + 0x28, kBias + 0x3010);
  EXPECT_EQ(machine.run(module), StackEnd::kUndefinedReturnAddress);
  EXPECT_EQ(machine.addresses(), (Addresses{0x5000, 0x6010, 0x3010}));
}

TEST(X86_64, LooksACallAtTheEndOfAFunctionUpInThatFunction) {
  // 0x2100 is behind the function at 0x2000: a call that does not return was its last instruction.
  Machine machine = x86_leaf(0x1004);
  machine.word(kStack, 0).word(kStack + 8, kBias + 0x2100).word(kStack + 16, kBias + 0x3010);
  EXPECT_EQ(machine.run(x86_module()), StackEnd::kUndefinedReturnAddress);
  EXPECT_EQ(machine.addresses(), (Addresses{0x1004, 0x2100, 0x3010}));
}

TEST(X86_64, EndsWhereAFrameHasNoCaller) {
  Machine machine = x86_leaf(0x2004);
  machine.word(kStack, 0);
  EXPECT_EQ(machine.run(x86_module()), StackEnd::kThreadRoot);
  EXPECT_EQ(machine.addresses(), (Addresses{0x2004}));
}

TEST(X86_64, SaysWhyMemoryIsMissing) {
  Machine machine = x86_leaf(0x1004);
  machine.word(kStack, 0);  // the return address would be the next word
  EXPECT_EQ(machine.run(x86_module()), StackEnd::kDumpTooShort);
  machine.requested = 4096;
  EXPECT_EQ(machine.run(x86_module()), StackEnd::kMemoryOutsideStack);
  machine.stack.resize(4096);
  const std::uint64_t cut_sp = kStack + 4096 - 8;
  machine.registers[kSp] = cut_sp;
  machine.stack.resize(8);
  EXPECT_EQ(machine.run(x86_module()), StackEnd::kPageNotPresent);
}

TEST(X86_64, RefusesAStackThatDoesNotRise) {
  SyntheticModule module = x86_module();
  const auto cie = module.add_cie("", 1, -8, kDwarfRip, entry_row());
  module.add_fde(cie, 0x5000, 0x100, CfiBytes().def_cfa_offset(0));
  Machine machine = x86_leaf(0x5000);
  machine.word(kStack, kBias + 0x3010);
  EXPECT_EQ(machine.run(module), StackEnd::kStackNotRising);
}

TEST(X86_64, DropsACallerThatIsNoCode) {
  Machine machine = x86_leaf(0x2004);
  machine.word(kStack, 0x4242);
  EXPECT_EQ(machine.run(x86_module()), StackEnd::kNoMapping);
  EXPECT_EQ(machine.addresses(), (Addresses{0x2004}));
}

TEST(X86_64, StopsAtTheLimitOfFrames) {
  Machine machine = x86_leaf(0x2004);
  for (std::uint64_t i = 0; i < Unwinder::kMaxFrames + 100; ++i)
    machine.word(kStack + 8 * i, kBias + 0x2010);
  EXPECT_EQ(machine.run(x86_module()), StackEnd::kTooManyFrames);
  EXPECT_EQ(machine.frames.size(), Unwinder::kMaxFrames);
}

TEST(X86_64, HasNoUserStackWithoutRegistersAndNoneOf32Bits) {
  Machine machine = x86_leaf(0x2004);
  machine.abi = 0;
  EXPECT_EQ(machine.run(x86_module()), StackEnd::kNoUserStack);
  EXPECT_TRUE(machine.frames.empty());
  machine.abi = 1;
  EXPECT_EQ(machine.run(x86_module()), StackEnd::kUnsupported);
  machine.abi = 2;
  machine.registers.erase(kSp);
  EXPECT_EQ(machine.run(x86_module()), StackEnd::kUnsupported);
}

TEST(X86_64, FollowsFramePointersOnlyWhileTheyAreInOrder) {
  const SyntheticModule module = x86_module();
  Machine machine = x86_leaf(0x8000);
  machine.registers[kBp] = kStack + 0x20;
  machine.word(kStack + 0x20, kStack + 0x40)
      .word(kStack + 0x28, kBias + 0x8100)
      .word(kStack + 0x40, 0)
      .word(kStack + 0x48, kBias + 0x8200);
  EXPECT_EQ(machine.run(module), StackEnd::kThreadRoot);
  EXPECT_EQ(machine.addresses(), (Addresses{0x8000, 0x8100, 0x8200}));

  machine.word(kStack + 0x40, kStack + 0x20);  // back down: a loop
  EXPECT_EQ(machine.run(module), StackEnd::kBadFramePointer);
  machine.word(kStack + 0x40, 0).word(kStack + 0x48, 0x4242);  // no code there
  EXPECT_EQ(machine.run(module), StackEnd::kBadFramePointer);
  machine.registers[kBp] = kStack + 0x21;
  EXPECT_EQ(machine.run(module), StackEnd::kNoUnwindInfo);
  EXPECT_EQ(machine.addresses(), (Addresses{0x8000}));
}

TEST(X86_64, UnwindsAModuleThatWasNeverAddedByFramePointers) {
  Machine machine = x86_leaf(0x8000);
  machine.registers[kBp] = kStack + 0x20;
  machine.word(kStack + 0x20, 0).word(kStack + 0x28, kBias + 0x8100);
  Unwinder unwinder(Architecture::kX86_64);
  EXPECT_EQ(machine.run(unwinder), StackEnd::kThreadRoot);
  EXPECT_EQ(machine.addresses(), (Addresses{0x8000, 0x8100}));
}

TEST(X86_64, KnowsCodeWithoutInformationByItsInstructions) {
  struct Case {
    const char* what;
    std::uint64_t pc;  // within the code at 0x8000
    std::vector<std::uint8_t> code;
    std::uint64_t return_at;
  };
  const std::array<Case, 7> cases = {{
      {"endbr64", 0, {0xf3, 0x0f, 0x1e, 0xfa}, 0},
      {"push %rbp; mov %rsp, %rbp", 0, {0x55, 0x48, 0x89, 0xe5}, 0},
      {"ret", 0, {0xc3}, 0},
      {"jmp *GOT", 0, {0xff, 0x25, 1, 2, 3, 0}, 0},
      {"push $1; jmp PLT0", 0, {0x68, 1, 0, 0, 0, 0xe9, 1, 2, 3, 0}, 0},
      {"jmp PLT0, the number pushed", 5, {0x68, 1, 0, 0, 0, 0xe9, 1, 2, 3, 0}, 8},
      {"pop %rbp; ret", 0, {0x5d, 0xc3}, 8},
  }};
  for (const Case& c : cases) {
    SyntheticModule module = x86_module();
    module.set_code(0x8000, c.code);
    Machine machine = x86_leaf(0x8000 + c.pc);
    machine.word(kStack + 0x40, 0).word(kStack + c.return_at, kBias + 0x3010);
    EXPECT_EQ(machine.run(module), StackEnd::kUndefinedReturnAddress) << c.what;
    EXPECT_EQ(machine.addresses(), (Addresses{0x8000 + c.pc, 0x3010})) << c.what;
  }
}

TEST(X86_64, GoesThroughATrampolineThatIsNotDescribed) {
  // As in musl and Go: mov $15, %rax; syscall.
  SyntheticModule module = x86_module();
  module.set_code(0x9000, {0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05});
  Machine machine = x86_leaf(0x2004);
  const std::uint64_t context = kStack + 8;
  machine.word(kStack, kBias + 0x9000)
      .word(context + 120, kStack + 0x900)  // RBP
      .word(context + 160, kStack + 0x400)  // RSP
      .word(context + 168, kBias + 0x2020)  // RIP
      .word(kStack + 0x400, kBias + 0x3010)
      .word(kStack + 0x900, 0);
  EXPECT_EQ(machine.run(module), StackEnd::kUndefinedReturnAddress);
  EXPECT_EQ(machine.addresses(), (Addresses{0x2004, 0x9000, 0x2020, 0x3010}));

  machine.word(context + 160, 0x7000'0000'0000);  // it came upon another stack
  EXPECT_EQ(machine.run(module), StackEnd::kAlternateStack);
  machine.word(context + 160, kStack + 0x900 + 0x800);  // the same one, not copied
  EXPECT_EQ(machine.run(module), StackEnd::kDumpTooShort);
}

TEST(X86_64, EndsAtAFunctionThatAStackMadeByHandReturnsTo) {
  // As makecontext leaves it: the return address is the first byte of a function, behind padding.
  SyntheticModule module = x86_module();
  const auto cie = module.add_cie("", 1, -8, kDwarfRip, entry_row());
  module.add_fde(cie, 0x2108, 0x40, CfiBytes());
  module.set_code(0x2100, {0x0f, 0x1f, 0x80, 0, 0, 0, 0, 0x90});
  Machine machine = x86_leaf(0x2004);
  machine.word(kStack, kBias + 0x2108).word(kStack + 8, kBias + 0x3010);
  EXPECT_EQ(machine.run(module), StackEnd::kThreadRoot);
  EXPECT_EQ(machine.addresses(), (Addresses{0x2004, 0x2108}));
  EXPECT_EQ(machine.frames[1].module_address, 0x2108U);
  EXPECT_EQ(machine.frames[1].address.kind, AddressKind::kInstruction);

  // A call may be the last instruction before that function, and it is what left the address.
  module.add_fde(cie, 0x2148, 0x40, CfiBytes());
  machine.word(kStack, kBias + 0x2148);
  EXPECT_EQ(machine.run(module), StackEnd::kUndefinedReturnAddress);
  EXPECT_EQ(machine.addresses(), (Addresses{0x2004, 0x2148, 0x3010}));
}

TEST(X86_64, TakesPaddingForTheFunctionBeforeItButNotAnotherFunction) {
  SyntheticModule module = x86_module();
  module.set_code(0x2100, {0x66, 0x90, 0x0f, 0x1f, 0x44, 0x00, 0x00, 0x90, 0x50, 0x53});
  Machine machine = x86_leaf(0x2107);
  machine.word(kStack, kBias + 0x3010);
  EXPECT_EQ(machine.run(module), StackEnd::kUndefinedReturnAddress);
  machine.registers[kIp] = kBias + 0x2108;  // push %rax: code that nobody has described
  EXPECT_EQ(machine.run(module), StackEnd::kNoUnwindInfo);
}

}  // namespace
}  // namespace profiler::unwind
