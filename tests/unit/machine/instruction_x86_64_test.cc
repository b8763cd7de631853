#include "machine/instruction_x86_64.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/unit/kernel/disassembly.h"

namespace profiler::machine {
namespace {

using kernel::Disassembly;

std::vector<std::byte> bytes(std::initializer_list<int> values) {
  std::vector<std::byte> out;
  for (const int value : values) out.push_back(static_cast<std::byte>(value));
  return out;
}

TEST(InstructionX8664, KnowsTheLengthOfEveryInstructionOfTheCLibrary) {
  const auto code = Disassembly::of("/lib/x86_64-linux-gnu/libc.so.6");
  if (!code) GTEST_SKIP() << "objdump or an x86-64 libc.so.6 is missing";
  std::size_t checked = 0;
  for (const auto& expected : code->instructions) {
    if (expected.text.find("(bad)") != std::string::npos) continue;
    const auto all = code->bytes_before(expected.address + expected.length, expected.length);
    const auto got = decode_instruction(all);
    ASSERT_TRUE(got) << std::hex << expected.address << " " << expected.text;
    ASSERT_EQ(got->length, expected.length) << std::hex << expected.address << " " << expected.text;
    ++checked;
  }
  EXPECT_GT(checked, 100000U);
}

TEST(InstructionX8664, RefusesWhatIsCut) {
  EXPECT_FALSE(decode_instruction({}));
  EXPECT_FALSE(decode_instruction(bytes({0x0f})));
  EXPECT_FALSE(decode_instruction(bytes({0xb8, 1, 0, 0})));
  EXPECT_FALSE(decode_instruction(bytes({0x48, 0x8b, 0x84})));
  EXPECT_TRUE(decode_instruction(bytes({0xb8, 1, 0, 0, 0})));
}

TEST(InstructionX8664, RefusesMoreThanFifteenBytes) {
  EXPECT_FALSE(decode_instruction(std::vector<std::byte>(20, std::byte{0x66})));
}

TEST(InstructionX8664, ReadsOperands) {
  const auto mov = decode_instruction(bytes({0x41, 0x89, 0xc6}));  // mov %eax,%r14d
  ASSERT_TRUE(mov);
  EXPECT_EQ(mov->reg, 0);
  EXPECT_EQ(mov->rm, 14);
  EXPECT_FALSE(mov->memory);
  const auto negative = decode_instruction(bytes({0x6a, 0xff}));  // push $-1
  ASSERT_TRUE(negative);
  EXPECT_EQ(negative->immediate, -1);
}

TEST(InstructionX8664, SurvivesAnyBytes) {
  std::mt19937 random(11);
  std::vector<std::byte> code(16);
  for (int i = 0; i < 200000; ++i) {
    for (auto& byte : code) byte = static_cast<std::byte>(random());
    const std::size_t size = random() % 17;
    const auto in = decode_instruction(std::span(code).first(size));
    if (in) {
      ASSERT_GT(in->length, 0);
      ASSERT_LE(in->length, size);
    }
  }
}

}  // namespace
}  // namespace profiler::machine
