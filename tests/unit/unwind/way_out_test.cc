// How functions return, by their instructions, held to the call frame information of the C library
// and of this program: at every instruction from which the way out is known.
#include <gtest/gtest.h>
#include <link.h>

#include <array>
#include <cstddef>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "machine/instruction_x86_64.h"
#include "symbolizer/elf/fde_table.h"
#include "unwind/cfi_interpreter.h"
#include "unwind/epilogue.h"
#include "unwind/unwinder.h"

namespace profiler::unwind {
namespace {

constexpr std::uint64_t kRbp = 6;
constexpr std::uint64_t kRsp = 7;
constexpr std::uint64_t kRip = 16;

std::vector<std::byte> bytes_of(std::initializer_list<unsigned> values) {
  std::vector<std::byte> bytes;
  for (const unsigned value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

/// "rsp+16 ra-8 rbp-16", or "" if the way out is not known.
std::string way_out(std::initializer_list<unsigned> code) {
  CfiRow row;
  if (!x86_64::row_of_way_out(bytes_of(code), ModuleAddress(0), row)) return "";
  std::string text = row.cfa.reg == kRsp ? "rsp+" : "rbp+";
  text += std::to_string(row.cfa.offset);
  text += " ra" + std::to_string(row.registers[kRip].value);
  if (row.registers[kRbp].kind == RegisterRule::Kind::kOffset)
    text += " rbp" + std::to_string(row.registers[kRbp].value);
  return text;
}

TEST(WayOut, FollowsWhatIsPopped) {
  EXPECT_EQ(way_out({0xc3}), "rsp+8 ra-8");
  // What CPython's trampoline does when its callee has returned: add $8, %rsp; ret.
  EXPECT_EQ(way_out({0x48, 0x83, 0xc4, 0x08, 0xc3}), "rsp+16 ra-8");
  // From its start: sub $8, %rsp; call *%rcx; add $8, %rsp; ret.
  EXPECT_EQ(way_out({0x48, 0x83, 0xec, 0x08, 0xff, 0xd1, 0x48, 0x83, 0xc4, 0x08, 0xc3}),
            "rsp+8 ra-8");
  EXPECT_EQ(way_out({0x5b, 0x5d, 0x41, 0x5c, 0xc3}), "rsp+32 ra-8 rbp-24");
  EXPECT_EQ(way_out({0x48, 0x81, 0xc4, 0x00, 0x01, 0, 0, 0x5d, 0xc3}), "rsp+272 ra-8 rbp-16");
  EXPECT_EQ(way_out({0x48, 0x8d, 0x64, 0x24, 0x10, 0xc3}), "rsp+24 ra-8");
  // ret $16: arguments lie above the return address.
  EXPECT_EQ(way_out({0x5d, 0xc2, 0x10, 0x00}), "rsp+32 ra-24 rbp-32");
}

TEST(WayOut, FollowsFramePointersThatTheCodeSetsUpOrTakesDown) {
  EXPECT_EQ(way_out({0xc9, 0xc3}), "rbp+16 ra-8 rbp-16");
  EXPECT_EQ(way_out({0x48, 0x89, 0xec, 0x5d, 0xc3}), "rbp+16 ra-8 rbp-16");
  // push %rbp; mov %rsp, %rbp; sub $32, %rsp; leave; ret: RBP is the caller's still.
  EXPECT_EQ(way_out({0x55, 0x48, 0x89, 0xe5, 0x48, 0x83, 0xec, 0x20, 0xc9, 0xc3}), "rsp+8 ra-8");
}

TEST(WayOut, FollowsJumpsForwardAndPassesConditionalOnes) {
  EXPECT_EQ(way_out({0xeb, 0x01, 0xcc, 0x5d, 0xc3}), "rsp+16 ra-8 rbp-16");
  EXPECT_EQ(way_out({0x74, 0x70, 0x58, 0xc3}), "rsp+16 ra-8");
  EXPECT_EQ(way_out({0xeb, 0xfe, 0xc3}), "") << "to itself";
  EXPECT_EQ(way_out({0xe9, 0, 0, 0, 0x7f, 0xc3}), "") << "beyond what was read";
}

TEST(WayOut, DoesNotGuess) {
  EXPECT_EQ(way_out({}), "");
  EXPECT_EQ(way_out({0x58}), "") << "the code ends";
  EXPECT_EQ(way_out({0xcc, 0xc3}), "") << "a trap";
  EXPECT_EQ(way_out({0xff, 0xe0}), "") << "a jump to anywhere";
  EXPECT_EQ(way_out({0x5c, 0xc3}), "") << "pop %rsp";
  EXPECT_EQ(way_out({0x48, 0x89, 0xc4, 0xc3}), "") << "mov %rax, %rsp";
  EXPECT_EQ(way_out({0x48, 0x83, 0xe4, 0xf0, 0xc3}), "") << "and $-16, %rsp";
  EXPECT_EQ(way_out({0x5d, 0xc9, 0xc3}), "") << "leave, but RBP was popped";
  EXPECT_EQ(way_out({0x48, 0x8b, 0x6c, 0x24, 0x08, 0xc3}), "") << "mov 8(%rsp), %rbp";
  EXPECT_EQ(way_out({0x48, 0x83, 0xc4, 0xf8, 0xc3}), "") << "return from below the stack pointer";
  EXPECT_EQ(way_out({0x50, 0x5b, 0xc3}), "") << "what RBX gets is not what it was";
}

#if defined(__x86_64__)

struct Tally {
  std::size_t known = 0;
  std::size_t wrong = 0;
};

void compare(const symbolizer::ElfFile& file, const symbolizer::Fde& fde, Tally& tally) {
  const auto code = file.bytes_at(fde.start, fde.length);
  for (std::size_t at = 0; at < code.size();) {
    const auto instruction = machine::decode_instruction(code.subspan(at));
    if (!instruction) return;
    const ModuleAddress address = fde.start + at;
    CfiRow expected;
    CfiRow row;
    if (find_row(fde, address, expected) && expected.cfa.kind == CfaRule::Kind::kRegister &&
        x86_64::row_of_way_out(code.subspan(at).first(std::min<std::size_t>(256, code.size() - at)),
                               address, row)) {
      // The same register: then both say where its value leads. (RBP or RSP may both be right.)
      if (row.cfa.reg == expected.cfa.reg) {
        ++tally.known;
        if (row.cfa.offset != expected.cfa.offset) ++tally.wrong;
      }
    }
    at += instruction->length;
  }
}

Tally compare(const std::string& path) {
  Tally tally;
  const auto file = symbolizer::ElfFile::open(path);
  if (!file) return tally;
  const symbolizer::FdeTable fdes((*file)->unwind_sections());
  fdes.for_each([&](const symbolizer::Fde& fde) {
    if (!fde.cie.signal_frame) compare(**file, fde, tally);
    return true;
  });
  return tally;
}

TEST(WayOut, AgreesWithCallFrameInformation) {
  std::vector<std::string> paths = {"/proc/self/exe"};
  ::dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* list) {
        const std::string path = info->dlpi_name;
        if (path.find("/libc.so") != std::string::npos)
          static_cast<std::vector<std::string>*>(list)->push_back(path);
        return 0;
      },
      &paths);
  for (const std::string& path : paths) {
    const Tally tally = compare(path);
    RecordProperty("known", static_cast<int>(tally.known));
    RecordProperty("wrong", static_cast<int>(tally.wrong));
    EXPECT_GT(tally.known, 1000U) << path;
    // What remains: a call that does not return, with code of another frame behind it.
    EXPECT_LT(tally.wrong * 100, tally.known)
        << path << ": " << tally.wrong << " of " << tally.known;
  }
}

#endif

}  // namespace
}  // namespace profiler::unwind
