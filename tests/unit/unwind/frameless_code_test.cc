// Functions that have no frame, by their instructions.
#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "unwind/arch/x86_64/registers.h"
#include "unwind/bare_code.h"

namespace profiler::unwind {
namespace {

constexpr ModuleAddress kStart(0x1000);

bool is_frameless(const std::vector<std::uint8_t>& code, std::uint64_t position, CfiRow& row) {
  return x86_64::row_of_frameless_code(std::as_bytes(std::span(code)), kStart, kStart + position,
                                       row);
}

TEST(FramelessCode, HasTheReturnAddressOnTopOfTheStack) {
  // lea 1(%rdi), %eax; movups %xmm4, (%rdi); call elsewhere; ret
  const std::vector<std::uint8_t> code = {0x8d, 0x47, 0x01, 0x0f, 0x11, 0x27,
                                          0xe8, 0x00, 0x00, 0x00, 0x00, 0xc3};
  CfiRow row;
  ASSERT_TRUE(is_frameless(code, 6, row));
  EXPECT_EQ(row.cfa.kind, CfaRule::Kind::kRegister);
  EXPECT_EQ(row.cfa.reg, x86_64::Registers::kStackPointer);
  EXPECT_EQ(row.cfa.offset, 8);
  const RegisterRule& ra = row.registers[x86_64::Registers::kProgramCounter];
  EXPECT_EQ(ra.kind, RegisterRule::Kind::kOffset);
  EXPECT_EQ(ra.value, -8);
  EXPECT_EQ(row.start, kStart + 6);
  EXPECT_FALSE(is_frameless(code, 7, row)) << "no instruction begins there";
}

TEST(FramelessCode, IsWhatComesBeforeTheFrameToo) {
  // As Go's compiler begins: cmp 16(%r14), %rsp; jbe +5; push %rbp; mov %rsp, %rbp; pop %rbp; ret
  const std::vector<std::uint8_t> code = {0x49, 0x3b, 0x66, 0x10, 0x76, 0x05,
                                          0x55, 0x48, 0x89, 0xe5, 0x5d, 0xc3};
  CfiRow row;
  EXPECT_TRUE(is_frameless(code, 0, row));
  EXPECT_TRUE(is_frameless(code, 4, row));
  EXPECT_TRUE(is_frameless(code, 6, row));
  EXPECT_FALSE(is_frameless(code, 7, row));
  EXPECT_FALSE(is_frameless(code, 10, row));
}

TEST(FramelessCode, IsNotWhatIsReachedFromElsewhere) {
  // jmp +3; nop; nop; nop; push %rbp; jmp -6: the nops run in the frame that is made behind them.
  const std::vector<std::uint8_t> code = {0xeb, 0x03, 0x90, 0x90, 0x90, 0x55, 0xeb, 0xfa};
  CfiRow row;
  EXPECT_TRUE(is_frameless(code, 0, row));
  EXPECT_FALSE(is_frameless(code, 3, row));
}

TEST(FramelessCode, DoesNotMoveTheStackPointer) {
  const std::vector<std::vector<std::uint8_t>> moves = {
      {0x53},                    // push %rbx
      {0x48, 0x83, 0xec, 0x18},  // sub $24, %rsp
      {0x48, 0x89, 0xec},        // mov %rbp, %rsp
      {0x48, 0x8d, 0x65, 0xf0},  // lea -16(%rbp), %rsp
      {0xc9},                    // leave
      {0x06},                    // no instruction
  };
  for (std::vector<std::uint8_t> code : moves) {
    CfiRow row;
    const std::uint64_t behind = code.size();
    code.push_back(0xc3);
    EXPECT_FALSE(is_frameless(code, behind, row)) << "first byte " << std::hex << int{code[0]};
  }
}

}  // namespace
}  // namespace profiler::unwind
