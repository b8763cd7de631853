// Registers and stacks that no program has, and call frame information that no compiler writes:
// whatever the bytes, a walk ends, and says the same each time.
#include <gtest/gtest.h>
#include <linux/perf_event.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <random>
#include <vector>

#include "captured_thread.h"
#include "synthetic_module.h"
#include "unwind/unwinder.h"

namespace profiler::unwind {
namespace {

using test::CapturedThread;
using test::CfiBytes;
using test::SyntheticModule;

// In perf's order of the registers.
constexpr std::size_t kBp = 6;
constexpr std::size_t kSp = 7;
constexpr std::size_t kIp = 8;

[[gnu::noinline]] void descend(int depth) {
  volatile char local[32];
  local[0] = static_cast<char>(depth);
  if (depth == 0) {
    raise(SIGUSR1);
  } else {
    descend(depth - 1);
  }
  local[1] = local[0];
}

/// What a walk may say, whatever it was given.
void expect_sane(StackEnd end, const std::vector<UserFrame>& frames) {
  EXPECT_LT(static_cast<int>(end), kStackEndCount);
  EXPECT_LE(frames.size(), Unwinder::kMaxFrames + 1);
  if (frames.empty()) return;
  EXPECT_EQ(frames.front().address.kind, AddressKind::kInstruction);
}

class Sample {
 public:
  explicit Sample(const CapturedThread& captured)
      : registers(captured.registers), stack(captured.stack), requested(captured.requested) {}

  [[nodiscard]] StackSnapshot snapshot() const {
    return {.registers = {.abi = PERF_SAMPLE_REGS_ABI_64,
                          .mask = CapturedThread::kMask,
                          .values = registers},
            .bytes = stack,
            .requested_bytes = requested};
  }
  std::vector<std::uint64_t> registers;
  std::vector<std::byte> stack;
  std::uint64_t requested;
};

TEST(HostileStack, OfDamagedBytesAndRegistersIsWalkedToAnEnd) {
  CapturedThread::arm(SIGUSR1, 0, 32768);
  descend(60);
  CapturedThread& captured = CapturedThread::last();
  ASSERT_TRUE(captured.taken);
  Unwinder unwinder;
  captured.maps().add_modules(unwinder);
  const auto& mappings = captured.maps().space.mappings();
  ASSERT_FALSE(mappings.empty());
  std::mt19937_64 random(20261121);
  // Numbers that lead somewhere: into the stack, into code, to the edges of either, or nowhere.
  const auto plausible = [&](std::uint64_t sp, std::size_t size) -> std::uint64_t {
    const process::Mapping& mapping = mappings[random() % mappings.size()];
    switch (random() % 8) {
      case 0:
        return sp + random() % (size + 64);
      case 1:
        return (sp + random() % (size + 64)) & ~7ULL;
      case 2:
      case 3:
        return mapping.start.value() + random() % (mapping.end - mapping.start);
      case 4:
        return mapping.end.value() - random() % 2;
      case 5:
        return random() % 3 - 1;
      case 6:
        return sp - random() % 64;
      default:
        return random();
    }
  };
  std::array<int, kStackEndCount> ends{};
  std::vector<UserFrame> frames;
  std::vector<UserFrame> again;
  for (int i = 0; i < 20000; ++i) {
    Sample sample(captured);
    if (random() % 3 == 0) sample.stack.resize(random() % (sample.stack.size() + 1));
    if (random() % 4 == 0) sample.requested = random() % 2 == 0 ? sample.stack.size() : random();
    const std::uint64_t sp = sample.registers[kSp];
    for (auto words = random() % 40; words != 0 && sample.stack.size() >= 8; --words) {
      const std::uint64_t value = plausible(sp, sample.stack.size());
      // Near the top, where the walk begins, as often as anywhere.
      const std::size_t span = random() % 2 == 0
                                   ? sample.stack.size() - 7
                                   : std::min<std::size_t>(sample.stack.size() - 7, 2048);
      std::memcpy(&sample.stack[random() % span], &value, sizeof value);
    }
    if (random() % 2 == 0) {
      for (const std::size_t reg : {kBp, kIp, random() % sample.registers.size()})
        sample.registers[reg] = plausible(sp, sample.stack.size());
    }
    if (random() % 16 == 0) sample.registers[kSp] = plausible(sp, sample.stack.size());
    const StackEnd end = unwinder.unwind(sample.snapshot(), captured.maps().space, frames);
    expect_sane(end, frames);
    EXPECT_EQ(unwinder.unwind(sample.snapshot(), captured.maps().space, again), end);
    EXPECT_EQ(again, frames);
    ASSERT_FALSE(testing::Test::HasFailure()) << "case " << i;
    ++ends[static_cast<std::size_t>(end)];
  }
  // The damage leads everywhere.
  EXPECT_GT(std::ranges::count_if(ends, [](int count) { return count > 10; }), 5);
}

TEST(HostileStack, ThatLeadsBackToItselfEnds) {
  CapturedThread::arm(SIGUSR1, 0, 32768);
  descend(3);
  CapturedThread& captured = CapturedThread::last();
  Unwinder unwinder;  // no module: frame pointers all the way
  Sample sample(captured);
  const std::uint64_t sp = sample.registers[kSp];
  const std::uint64_t pc = sample.registers[kIp];
  sample.registers[kBp] = sp;
  // Each frame pointer leads to the next word but one, the last to the first.
  for (std::size_t at = 0; at + 16 <= sample.stack.size(); at += 16) {
    const bool last = at + 32 > sample.stack.size();
    const std::array<std::uint64_t, 2> frame = {last ? sp : sp + at + 16, pc};
    std::memcpy(&sample.stack[at], frame.data(), sizeof frame);
  }
  std::vector<UserFrame> frames;
  const StackEnd end = unwinder.unwind(sample.snapshot(), captured.maps().space, frames);
  EXPECT_EQ(frames.size(), 1 + sample.stack.size() / 16);
  EXPECT_EQ(end, StackEnd::kBadFramePointer) << name(end);
}

/// Random instructions, mostly well-formed, and expressions likewise.
CfiBytes random_expression(std::mt19937_64& random) {
  constexpr std::array<unsigned, 34> kOperations = {
      0x06, 0x12, 0x13, 0x14, 0x16, 0x17, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e,
      0x1f, 0x20, 0x21, 0x22, 0x24, 0x25, 0x26, 0x27, 0x29, 0x2a, 0x2b, 0x2c,
      0x2d, 0x2e, 0x30, 0x31, 0x38, 0x4f, 0x96, 0xff, 0x94, 0x15};
  CfiBytes code;
  for (auto count = random() % 12; count != 0; --count) {
    switch (random() % 6) {
      case 0:
        code.u8(0x70 + random() % 32).sleb(static_cast<std::int64_t>(random() % 256) - 128);
        break;
      case 1:
        code.u8(0x0e).raw(random());
        break;
      case 2:  // a jump, forwards or back
        code.u8(random() % 2 == 0 ? 0x2f : 0x28)
            .raw(static_cast<std::int16_t>(static_cast<int>(random() % 24) - 16));
        break;
      case 3:
        code.u8(0x23).uleb(random() >> (random() % 64));
        break;
      default:
        code.u8(kOperations[random() % kOperations.size()]);
        break;
    }
  }
  return code;
}

CfiBytes random_instructions(std::mt19937_64& random) {
  CfiBytes code;
  for (auto count = random() % 14; count != 0; --count) {
    const auto reg = static_cast<unsigned>(random() % 4 == 0 ? random() % 40 : random() % 17);
    switch (random() % 14) {
      case 0:
        code.advance(static_cast<unsigned>(random() % 64));
        break;
      case 1:
        code.offset(reg % 64, random() % 16);
        break;
      case 2:
        code.restore(reg % 64);
        break;
      case 3:
        code.remember();
        break;
      case 4:
        code.restore_state();
        break;
      case 5:
        code.def_cfa(reg, random() % 64);
        break;
      case 6:
        code.def_cfa_register(reg);
        break;
      case 7:
        code.def_cfa_offset(random() % 128);
        break;
      case 8:
        code.def_cfa_expression(random_expression(random));
        break;
      case 9:
        code.expression(reg, random_expression(random));
        break;
      case 10:
        code.val_expression(reg, random_expression(random));
        break;
      case 11:
        code.val_offset(reg, random() % 16);
        break;
      case 12:
        code.in_register(reg, static_cast<unsigned>(random() % 40));
        break;
      default:
        code.u8(static_cast<unsigned>(random() % 256));
        break;
    }
  }
  return code;
}

TEST(HostileStack, UnderRandomCallFrameInformationIsWalkedToAnEnd) {
  std::mt19937_64 random(3);
  std::vector<UserFrame> frames;
  std::array<int, kStackEndCount> ends{};
  std::uint64_t slow_steps = 0;
  constexpr std::uint64_t kBias = 0x555500000000;
  for (int i = 0; i < 250; ++i) {
    const bool is_aarch64 = random() % 3 == 0;
    SyntheticModule module(is_aarch64 ? EM_AARCH64 : EM_X86_64);
    const unsigned ra = random() % 16 == 0 ? static_cast<unsigned>(random() % 64)
                        : is_aarch64       ? 30
                                           : 16;
    const CfiBytes initial =
        is_aarch64 ? CfiBytes().def_cfa(31, 0) : CfiBytes().def_cfa(7, 8).offset(16, 1);
    const std::size_t call = module.add_cie("zR", 1, -8, ra, initial);
    const std::size_t signal = module.add_cie("zRS", 1, -8, ra, initial);
    for (std::uint64_t start = 0x1000; start < 0x3000; start += 0x100) {
      module.add_fde(random() % 6 == 0 ? signal : call, start, 0x100, random_instructions(random),
                     true);
    }
    const auto file = module.file();
    ASSERT_NE(file, nullptr);
    Unwinder unwinder(is_aarch64 ? Architecture::kAarch64 : Architecture::kX86_64);
    unwinder.add_module(ModuleIndex(0), file);
    process::AddressSpace space;
    space.map({.start = RuntimeAddress(kBias + 0x1000),
               .end = RuntimeAddress(kBias + 0x3000),
               .module = ModuleIndex(0),
               .bias = kBias});
    for (int walk = 0; walk < 24; ++walk) {
      constexpr std::uint64_t kStack = 0x7ffd00000000;
      const auto value = [&]() -> std::uint64_t {
        switch (random() % 4) {
          case 0:
            return random();
          case 1:
            return kStack + random() % 1200 / 8 * 8;
          default:
            return kBias + 0x1000 + random() % 0x2000;
        }
      };
      std::vector<std::uint64_t> words(128);
      for (std::uint64_t& word : words) word = value();
      std::vector<std::uint64_t> registers(is_aarch64 ? 33 : 20);
      for (std::uint64_t& reg : registers) reg = value();
      registers[is_aarch64 ? 31 : kSp] = kStack;
      registers[is_aarch64 ? 32 : kIp] = kBias + 0x1000 + random() % 0x2000;
      const StackSnapshot snapshot{
          .registers = {.abi = PERF_SAMPLE_REGS_ABI_64,
                        .mask = is_aarch64 ? (1ULL << 33) - 1 : CapturedThread::kMask,
                        .values = registers},
          .bytes = std::as_bytes(std::span(words)),
          .requested_bytes = 32768};
      const StackEnd end = unwinder.unwind(snapshot, space, frames);
      expect_sane(end, frames);
      ASSERT_FALSE(testing::Test::HasFailure()) << "case " << i;
      ++ends[static_cast<std::size_t>(end)];
    }
    slow_steps += unwinder.statistics().slow_path_steps;
  }
  EXPECT_GT(slow_steps, 500U);
  EXPECT_GT(std::ranges::count_if(ends, [](int count) { return count > 10; }), 4);
}

}  // namespace
}  // namespace profiler::unwind
