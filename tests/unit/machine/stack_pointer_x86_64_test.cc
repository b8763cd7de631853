// What moves the stack pointer, against what objdump prints of every instruction of libc.
#include "machine/stack_pointer_x86_64.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "tests/unit/kernel/disassembly.h"

namespace profiler::machine {
namespace {

using kernel::Disassembly;

/// AT&T syntax: the destination comes last.
bool moves_rsp(const std::string& text) {
  const std::string_view word = std::string_view(text).substr(0, text.find_first_of(" \t"));
  for (const std::string_view stack : {"push", "pop", "enter", "leave", "iret", "lret"}) {
    if (word.starts_with(stack) && !word.starts_with("popcnt")) return true;
  }
  if (word.starts_with("cmp") || word.starts_with("test")) return false;
  std::string_view operands = text;
  operands = operands.substr(0, operands.find_last_not_of(" \t") + 1);
  return operands.ends_with(",%rsp") || operands.ends_with(" %rsp") || operands.ends_with("%esp");
}

TEST(MayMoveRsp, IsTrueOfEveryInstructionOfTheCLibraryThatDoes) {
  const auto code = Disassembly::of("/lib/x86_64-linux-gnu/libc.so.6");
  if (!code) GTEST_SKIP() << "objdump or an x86-64 libc.so.6 is missing";
  std::size_t moving = 0;
  std::size_t all = 0;
  std::size_t suspected = 0;
  for (const auto& expected : code->instructions) {
    const auto in =
        decode_instruction(code->bytes_before(expected.address + expected.length, expected.length));
    if (!in) continue;
    ++all;
    const bool found = may_move_rsp(*in);
    if (moves_rsp(expected.text)) {
      ++moving;
      EXPECT_TRUE(found) << std::hex << expected.address << ": " << expected.text;
    } else if (found) {
      ++suspected;
    }
    if (HasFailure()) break;
  }
  EXPECT_GT(moving, 10000U);
  // Reading it, and names of vectors that share its number, would make it useless.
  EXPECT_LT(suspected, all / 200);
  RecordProperty("suspected", static_cast<int>(suspected));
}

TEST(NeverGoesOn, IsTrueOfJumpsAndReturnsOfTheCLibrary) {
  const auto code = Disassembly::of("/lib/x86_64-linux-gnu/libc.so.6");
  if (!code) GTEST_SKIP() << "objdump or an x86-64 libc.so.6 is missing";
  std::size_t ends = 0;
  for (const auto& expected : code->instructions) {
    const auto in =
        decode_instruction(code->bytes_before(expected.address + expected.length, expected.length));
    if (!in) continue;
    std::string_view text = expected.text;
    while (text.starts_with("bnd ") || text.starts_with("repz ") || text.starts_with("notrack ") ||
           text.starts_with("rep ") || text.starts_with("cs ") || text.starts_with("data16 ")) {
      text.remove_prefix(text.find(' ') + 1);
    }
    const bool expects = text.starts_with("jmp") || text.starts_with("ret") ||
                         text.starts_with("hlt") || text.starts_with("ud");
    EXPECT_EQ(never_goes_on(*in), expects) << std::hex << expected.address << ": " << text;
    ends += expects ? 1U : 0U;
    if (HasFailure()) break;
  }
  EXPECT_GT(ends, 10000U);
}

}  // namespace
}  // namespace profiler::machine
