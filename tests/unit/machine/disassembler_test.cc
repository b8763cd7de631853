#include "machine/disassembler.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/unit/kernel/disassembly.h"

namespace profiler::machine {
namespace {

std::vector<std::byte> bytes(std::initializer_list<int> values) {
  std::vector<std::byte> out;
  for (const int value : values) out.push_back(static_cast<std::byte>(value));
  return out;
}

std::vector<std::string> texts(const Disassembler& disassembler,
                               const std::vector<std::byte>& code) {
  std::vector<std::string> texts;
  for (const Instruction& in : disassembler.disassemble(code, 0x1000)) texts.push_back(in.text);
  return texts;
}

TEST(Disassembler, ReadsX86InTheSyntaxOfObjdump) {
  const auto disassembler = Disassembler::open(Architecture::kX86_64);
  if (!disassembler) GTEST_SKIP() << disassembler.error().message();
  EXPECT_EQ(texts(*disassembler, bytes({0x48, 0x89, 0xe5, 0x8b, 0x50, 0x08, 0xc3})),
            (std::vector<std::string>{"movq %rsp, %rbp", "movl 8(%rax), %edx", "retq"}));
}

TEST(Disassembler, ReadsAarch64) {
  const auto disassembler = Disassembler::open(Architecture::kAarch64);
  if (!disassembler) GTEST_SKIP() << disassembler.error().message();
  EXPECT_EQ(texts(*disassembler, bytes({0xfd, 0x7b, 0xbf, 0xa9, 0xc0, 0x03, 0x5f, 0xd6})),
            (std::vector<std::string>{"stp x29, x30, [sp, #-0x10]!", "ret"}));
  EXPECT_EQ(texts(*disassembler, bytes({0xff, 0xff, 0xff, 0xff, 0x00})),
            (std::vector<std::string>{".byte 0xff, 0xff, 0xff, 0xff", ".byte 0x00"}));
}

TEST(Disassembler, DividesTheCLibraryAsObjdumpDoes) {
  const auto disassembler = Disassembler::open(Architecture::kX86_64);
  if (!disassembler) GTEST_SKIP() << disassembler.error().message();
  const auto code = kernel::Disassembly::of("/lib/x86_64-linux-gnu/libc.so.6");
  if (!code) GTEST_SKIP() << "objdump or an x86-64 libc.so.6 is missing";
  std::size_t checked = 0;
  std::size_t unknown = 0;
  for (const auto& expected : code->instructions) {
    if (expected.text.find("(bad)") != std::string::npos) continue;
    const auto got = disassembler->disassemble(
        code->bytes_before(expected.address + expected.length, expected.length), expected.address);
    ASSERT_EQ(got.size(), 1U) << std::hex << expected.address << " " << expected.text;
    ASSERT_EQ(got[0].length, expected.length);
    ++checked;
    unknown += got[0].text.starts_with(".byte") ? 1 : 0;
    // A few mnemonics that both write alike.
    for (const char* word : {"jmp", "lea", "cmp", "test", "xor"}) {
      const bool alike = !expected.text.starts_with(word) || got[0].text.starts_with(word);
      EXPECT_TRUE(alike) << expected.text << " / " << got[0].text;
    }
  }
  EXPECT_GT(checked, 100000U);
  // Vector instructions younger than this Capstone.
  EXPECT_LT(unknown, checked / 50) << "of " << checked;
}

TEST(Disassembler, CoversAnyBytes) {
  std::mt19937 random(7);
  for (const Architecture architecture : {Architecture::kX86_64, Architecture::kAarch64}) {
    const auto disassembler = Disassembler::open(architecture);
    if (!disassembler) GTEST_SKIP() << disassembler.error().message();
    std::vector<std::byte> code(4099);
    for (std::byte& b : code) b = static_cast<std::byte>(random());
    std::uint64_t end = 0x1000;
    for (const Instruction& in : disassembler->disassemble(code, 0x1000)) {
      ASSERT_EQ(in.address, end);
      ASSERT_GT(in.length, 0U);
      EXPECT_FALSE(in.text.empty());
      end += in.length;
    }
    EXPECT_EQ(end, 0x1000 + code.size());
  }
}

}  // namespace
}  // namespace profiler::machine
