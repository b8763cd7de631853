// Call frame information with flipped bits and cut ends: the walk must end, within the limit of
// frames, whatever it says. Run under the sanitizers for what this cannot see.
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "synthetic_module.h"
#include "unwind/cfi_interpreter.h"
#include "unwind/unwinder.h"

namespace profiler::unwind {
namespace {

using symbolizer::ElfFile;
using symbolizer::Fde;
using symbolizer::FdeTable;
using test::CfiBytes;
using test::SyntheticModule;

constexpr std::uint64_t kBias = 0x5500'0000'0000;
constexpr std::uint64_t kStack = 0x7fff'0000'1000;

/// Every kind of instruction and of pointer that the interpreter knows.
SyntheticModule rich_module(std::uint16_t machine) {
  const bool arm = machine == EM_AARCH64;
  const unsigned sp = arm ? 31 : 7;
  const unsigned fp = arm ? 29 : 6;
  const unsigned ra = arm ? 30 : 16;
  SyntheticModule module(machine);
  const CfiBytes entry = CfiBytes().def_cfa(sp, 8).offset(ra, 1);
  const auto plain = module.add_cie("", 1, -8, ra, entry);
  const auto signal = module.add_cie("zRS", 1, -8, ra, entry);
  const CfiBytes deref = CfiBytes().u8(0x70 + fp).sleb(-8).u8(0x06);
  for (std::uint64_t i = 0; i < 40; ++i) {
    const CfiBytes body = CfiBytes()
                              .advance(1)
                              .def_cfa_offset(16)
                              .offset(fp, 2)
                              .advance(3)
                              .def_cfa_register(fp)
                              .remember()
                              .advance(9)
                              .restore(fp)
                              .def_cfa(sp, 8)
                              .restore_state()
                              .advance(4)
                              .def_cfa_expression(deref)
                              .expression(fp, deref)
                              .advance(4)
                              .val_offset(3, 1)
                              .val_expression(12, deref)
                              .in_register(13, 14)
                              .same_value(15)
                              .negate_ra_state()
                              .u8(0x2e)
                              .uleb(32)
                              .u8(0x02)
                              .u8(20)
                              .u8(0x03)
                              .raw(std::uint16_t{8});
    // Half of them are as at a function's entry, so that walks get somewhere.
    if (i % 2 == 0) {
      module.add_fde(plain, 0x1000 + i * 0x100, 0xf0, CfiBytes());
      continue;
    }
    const bool in_signal = i % 5 == 4;
    module.add_fde(in_signal ? signal : plain, 0x1000 + i * 0x100, 0xf0, body, in_signal);
  }
  return module;
}

void damage(std::vector<std::byte>& bytes, std::mt19937_64& random) {
  switch (random() % 3) {
    case 0:
      for (std::uint64_t n = 1 + random() % 8; n != 0; --n)
        bytes[random() % bytes.size()] ^= static_cast<std::byte>(1U << (random() % 8));
      break;
    case 1:
      for (std::uint64_t n = 1 + random() % 16; n != 0; --n)
        bytes[random() % bytes.size()] = static_cast<std::byte>(random());
      break;
    default:
      bytes.resize(random() % bytes.size());
      break;
  }
}

/// The corpus of tests/fuzz/unwind_fuzzer.cc is made of these.
TEST(CfiCorpus, DISABLED_IsWritten) {
  for (const bool arm : {false, true}) {
    const std::vector<std::byte> cfi = rich_module(arm ? EM_AARCH64 : EM_X86_64).eh_frame();
    CfiBytes input;
    input.u8(arm ? 1 : 0).raw(static_cast<std::uint16_t>(cfi.size()));
    // push %rbp; mov %rsp,%rbp; jmp *0x10(%rip); ret; nopw 0(%rax,%rax,1)
    const std::vector<unsigned> code = {0x55, 0x48, 0x89, 0xe5, 0xff, 0x25, 0x10, 0, 0,
                                        0,    0xc3, 0x66, 0x0f, 0x1f, 0x44, 0,    0};
    constexpr std::uint16_t kWords = 64;
    input.raw(static_cast<std::uint16_t>(code.size())).raw(std::uint16_t{kWords * 8});
    for (const std::byte byte : cfi) input.u8(std::to_integer<unsigned>(byte));
    for (const unsigned byte : code) input.u8(byte);
    for (std::uint64_t i = 0; i < kWords; ++i)
      input.raw(i % 3 == 0 ? 2ULL << 56 | (i * 8 + 16) : 1ULL << 56 | (0x1000 + i * 0x83));
    for (std::uint64_t i = 0; i < 33; ++i)
      input.raw(i == (arm ? 32U : 8U) ? 1ULL << 56 | 0x1120 : 2ULL << 56 | (i * 16));
    std::ofstream(std::string(PROFILER_SOURCE_DIR "/tests/fuzz/corpus/unwind/") +
                      (arm ? "aarch64" : "x86_64"),
                  std::ios::binary)
        .write(reinterpret_cast<const char*>(input.bytes().data()),
               static_cast<std::streamsize>(input.size()));
  }
}

class DamagedCfi : public testing::TestWithParam<std::uint16_t> {};

TEST_P(DamagedCfi, NeverKeepsAWalkFromEnding) {
  const std::uint16_t machine = GetParam();
  const bool arm = machine == EM_AARCH64;
  std::mt19937_64 random(machine);
  const SyntheticModule whole = rich_module(machine);
  process::AddressSpace space;
  space.map({.start = RuntimeAddress(kBias),
             .end = RuntimeAddress(kBias + SyntheticModule::kCodeSize),
             .module = ModuleIndex(0),
             .bias = kBias});
  std::uint64_t mask = 0xff0fff;
  std::size_t count = 20;
  if (arm) {
    mask = (std::uint64_t{1} << 33) - 1;
    count = 33;
  }
  std::size_t longest = 0;
  int walked = 0;
  for (int i = 0; i < 2500; ++i) {
    SyntheticModule module = whole;
    damage(module.eh_frame(), random);
    const auto file = module.file();
    ASSERT_NE(file, nullptr);
    // Words that look like addresses of the stack and of the code, so that walks go far.
    std::vector<std::byte> stack(4096);
    for (std::size_t at = 0; at < stack.size(); at += 8) {
      const std::uint64_t value = random() % 10 == 0 ? kStack + random() % 4096 / 8 * 8
                                                     : kBias + 0x1000 + random() % 0x2800;
      std::memcpy(stack.data() + at, &value, sizeof value);
    }
    std::vector<std::uint64_t> registers(count);
    for (std::uint64_t& value : registers) value = kStack + random() % 4096 / 8 * 8;
    registers[arm ? 31 : 7] = kStack;
    registers[arm ? 32 : 8] = kBias + 0x1000 + random() % 0x2800;
    Unwinder unwinder(arm ? Architecture::kAarch64 : Architecture::kX86_64);
    unwinder.add_module(ModuleIndex(0), file);
    std::vector<UserFrame> frames;
    const StackEnd end =
        unwinder.unwind({.registers = {.abi = 2, .mask = mask, .values = registers},
                         .bytes = stack,
                         .requested_bytes = stack.size()},
                        space, frames);
    EXPECT_LT(static_cast<int>(end), kStackEndCount);
    EXPECT_LE(frames.size(), Unwinder::kMaxFrames);
    longest = std::max(longest, frames.size());
    walked += frames.size() > 2 ? 1 : 0;
  }
  EXPECT_GT(longest, 10U) << "walks that all end at once test nothing";
  EXPECT_GT(walked, 400);
}

INSTANTIATE_TEST_SUITE_P(Architectures, DamagedCfi, testing::Values(EM_X86_64, EM_AARCH64));

TEST(DamagedCfiOfLibc, IsReadOrRefusedButNeverBeyondItsEnd) {
  const auto file = ElfFile::open("/lib/x86_64-linux-gnu/libc.so.6");
  ASSERT_TRUE(file);
  const symbolizer::UnwindSections real = (*file)->unwind_sections();
  std::mt19937_64 random(99);
  int found = 0;
  for (int i = 0; i < 300; ++i) {
    symbolizer::UnwindSections sections = real;
    std::vector<std::byte> hdr(real.eh_frame_hdr.bytes.begin(), real.eh_frame_hdr.bytes.end());
    std::vector<std::byte> frame(real.eh_frame.bytes.begin(), real.eh_frame.bytes.end());
    for (int n = 0; n < 2000; ++n)
      frame[random() % frame.size()] = static_cast<std::byte>(random());
    for (int n = 0; n < 3; ++n)
      hdr[random() % (i % 2 == 0 ? 16 : hdr.size())] = static_cast<std::byte>(random());
    if (i % 7 == 0) hdr.resize(random() % hdr.size());
    if (i % 5 == 0) frame.resize(random() % frame.size());
    sections.eh_frame_hdr.bytes = hdr;
    sections.eh_frame.bytes = frame;
    const FdeTable table(sections);
    for (int n = 0; n < 60; ++n) {
      const ModuleAddress address(0x26000 + random() % 0x150000);
      CfiRow row;
      const auto fde = table.find(address, 15);
      if (fde && find_row(*fde, address, row)) ++found;
    }
  }
  EXPECT_GT(found, 500);
}

}  // namespace
}  // namespace profiler::unwind
