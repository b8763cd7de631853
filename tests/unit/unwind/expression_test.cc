#include "unwind/expression.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <optional>
#include <vector>

#include "synthetic_module.h"
#include "unwind/arch/x86_64/registers.h"

namespace profiler::unwind {
namespace {

using test::CfiBytes;

constexpr std::uint64_t kBase = 0x7fff'0000'0000;

ExpressionResult run(const CfiBytes& code, std::optional<std::uint64_t> pushed = std::nullopt) {
  static std::vector<std::byte> bytes(64);
  const std::uint64_t word = 0x1122'3344'5566'7788;
  std::memcpy(bytes.data() + 16, &word, sizeof word);
  RegisterSet registers;
  registers.set(7, kBase);
  registers.set(16, 0x40100b);
  return evaluate(code.bytes(), registers, StackMemory(kBase, bytes, bytes.size()), pushed);
}

std::uint64_t value(const CfiBytes& code, std::optional<std::uint64_t> pushed = std::nullopt) {
  const ExpressionResult result = run(code, pushed);
  EXPECT_EQ(result.failure, ExpressionFailure::kNone);
  return result.value;
}

CfiBytes lit(unsigned n) { return CfiBytes().u8(0x30 + n); }

// breg7 8; breg16 0; lit15; and; lit11; ge; lit3; shl; plus: what linkers write for .plt.
CfiBytes plt_cfa() {
  return CfiBytes()
      .u8(0x77)
      .sleb(8)
      .u8(0x80)
      .sleb(0)
      .u8(0x3f)
      .u8(0x1a)
      .u8(0x3b)
      .u8(0x2a)
      .u8(0x33)
      .u8(0x24)
      .u8(0x22);
}

std::optional<std::int64_t> offset(const CfiBytes& code, std::uint64_t address) {
  return offset_from_stack_pointer<x86_64::Registers>(code.bytes(), address);
}

TEST(Expression, OfAPltStubDependsOnTheByteWithinIt) {
  EXPECT_EQ(value(plt_cfa()), kBase + 16);  // 0x40100b: the push has happened
}

TEST(Expression, OfAPltStubIsAnOffsetAtEachAddress) {
  EXPECT_EQ(offset(plt_cfa(), 0x1020), 8);
  EXPECT_EQ(offset(plt_cfa(), 0x1029), 8);
  EXPECT_EQ(offset(plt_cfa(), 0x102b), 16);
  EXPECT_EQ(offset(plt_cfa(), 0x102e), 16);
  // Interrupted there, or returning to the byte behind it, is not the same.
  EXPECT_EQ(offset(plt_cfa(), 0x102a), std::nullopt);
  EXPECT_EQ(offset(plt_cfa(), 0x102f), std::nullopt);
}

TEST(Expression, ThatAsksForMoreThanTheStackPointerIsNoOffset) {
  EXPECT_EQ(offset(CfiBytes().u8(0x77).sleb(8).u8(0x06), 0x1000), std::nullopt);  // breg7 8; deref
  EXPECT_EQ(offset(CfiBytes().u8(0x76).sleb(16), 0x1000), std::nullopt);          // breg6 16
  EXPECT_EQ(offset(CfiBytes().u8(0x80).sleb(16), 0x1000), std::nullopt);          // breg16 16
  EXPECT_EQ(offset(CfiBytes().u8(0x77).sleb(0).u8(0x31).u8(0x24), 0), std::nullopt);  // sp << 1
  EXPECT_EQ(offset(CfiBytes().u8(0x22), 0x1000), std::nullopt);  // plus of nothing
}

TEST(Expression, ReadsMemoryOfTheStackOnly) {
  EXPECT_EQ(value(CfiBytes().u8(0x77).sleb(16).u8(0x06)), 0x1122'3344'5566'7788U);
  EXPECT_EQ(value(CfiBytes().u8(0x77).sleb(16).u8(0x94).u8(2)), 0x7788U);
  const ExpressionResult outside = run(CfiBytes().u8(0x77).sleb(60).u8(0x06));
  EXPECT_EQ(outside.failure, ExpressionFailure::kMissingMemory);
  EXPECT_EQ(outside.detail, kBase + 60);
}

TEST(Expression, NamesTheRegisterItLacks) {
  const ExpressionResult result = run(CfiBytes().u8(0x92).uleb(13).sleb(0));
  EXPECT_EQ(result.failure, ExpressionFailure::kUnknownRegister);
  EXPECT_EQ(result.detail, 13U);
  EXPECT_EQ(run(CfiBytes().u8(0x92).uleb(1ULL << 40).sleb(0)).failure,
            ExpressionFailure::kUnknownRegister);
}

TEST(Expression, CalculatesAsTheStandardSays) {
  const auto two = [](unsigned a, unsigned b, unsigned op) {
    return value(lit(a).append(lit(b)).u8(op));
  };
  EXPECT_EQ(two(7, 2, 0x1c), 5U);                                // minus
  EXPECT_EQ(two(7, 2, 0x1b), 3U);                                // div
  EXPECT_EQ(two(7, 2, 0x1d), 1U);                                // mod
  EXPECT_EQ(two(7, 2, 0x1e), 14U);                               // mul
  EXPECT_EQ(two(7, 2, 0x27), 5U);                                // xor
  EXPECT_EQ(two(2, 7, 0x2d), 1U);                                // lt
  EXPECT_EQ(value(lit(5).u8(0x1f)), ~std::uint64_t{0} - 4);      // neg
  EXPECT_EQ(value(CfiBytes().u8(0x09).u8(0xf0).u8(0x19)), 16U);  // const1s -16, abs
  EXPECT_EQ(value(CfiBytes().u8(0x09).u8(0xf0).append(lit(2)).u8(0x26)),
            ~std::uint64_t{0} - 3);                      // shra
  EXPECT_EQ(value(lit(1).append(lit(2)).u8(0x16)), 1U);  // swap
  // rot: the top becomes the third, 1 2 3 -> 3 1 2
  EXPECT_EQ(value(lit(1).append(lit(2)).append(lit(3)).u8(0x17)), 2U);
  EXPECT_EQ(value(CfiBytes().u8(0x23).uleb(300), 1000), 1300U);  // plus_uconst on what is pushed
  EXPECT_EQ(value(lit(1).u8(0x28).raw(std::int16_t{1}).append(lit(9)).append(lit(8))), 8U);  // bra
}

TEST(Expression, FailsRatherThanCrash) {
  const auto failure = [](const CfiBytes& code) { return run(code).failure; };
  EXPECT_EQ(failure(CfiBytes()), ExpressionFailure::kMalformed);
  EXPECT_EQ(failure(CfiBytes().u8(0x22)), ExpressionFailure::kMalformed);
  EXPECT_EQ(failure(lit(1).append(lit(0)).u8(0x1b)), ExpressionFailure::kMalformed);
  EXPECT_EQ(failure(lit(1).append(lit(0)).u8(0x1d)), ExpressionFailure::kMalformed);
  EXPECT_EQ(failure(CfiBytes().u8(0x0e).u8(1)), ExpressionFailure::kMalformed);  // cut off
  EXPECT_EQ(failure(CfiBytes().u8(0x2f).raw(std::int16_t{-3})), ExpressionFailure::kMalformed);
  EXPECT_EQ(failure(CfiBytes().u8(0x2f).raw(std::int16_t{-400})), ExpressionFailure::kMalformed);
  EXPECT_EQ(failure(CfiBytes().u8(0xe0)), ExpressionFailure::kMalformed);
  // The smallest number by -1, and a stack that only grows.
  CfiBytes smallest;
  smallest.u8(0x0e).raw(std::uint64_t{1} << 63).u8(0x09).u8(0xff).u8(0x1b);
  EXPECT_EQ(value(smallest), std::uint64_t{1} << 63);
  CfiBytes growing;
  for (int i = 0; i < 1000; ++i) growing.u8(0x31);
  EXPECT_EQ(failure(growing), ExpressionFailure::kMalformed);
}

}  // namespace
}  // namespace profiler::unwind
