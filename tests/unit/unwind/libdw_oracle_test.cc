// Rows and rules compared with libdw's, at random addresses of real modules.
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "symbolizer/elf/elf_file.h"
#include "symbolizer/elf/fde_table.h"
#include "synthetic_module.h"
#include "unwind/arch/x86_64/registers.h"
#include "unwind/cfi_interpreter.h"
#include "unwind/unwind_rule.h"

namespace profiler::unwind {
namespace {

using symbolizer::ElfFile;
using symbolizer::Fde;
using symbolizer::FdeTable;
using test::CfiBytes;

constexpr unsigned kRbp = 6;
constexpr unsigned kRsp = 7;
constexpr unsigned kRip = 16;

std::string hex(std::span<const std::byte> bytes) {
  std::string text;
  for (const std::byte b : bytes) {
    char digits[4];
    std::snprintf(digits, sizeof digits, "%02x", std::to_integer<unsigned>(b));
    text += digits;
  }
  return text;
}

/// libdw gives decoded operations; rows hold the bytes. Those that are met in practice, encoded.
std::string encoded(const Dwarf_Op* ops, std::size_t count) {
  CfiBytes bytes;
  for (std::size_t i = 0; i < count; ++i) {
    const Dwarf_Op& op = ops[i];
    bytes.u8(op.atom);
    if (op.atom == DW_OP_consts || (op.atom >= DW_OP_breg0 && op.atom <= DW_OP_breg31)) {
      bytes.sleb(static_cast<std::int64_t>(op.number));
    } else if (op.atom == DW_OP_const1u || op.atom == DW_OP_const1s) {
      bytes.u8(static_cast<unsigned>(op.number & 0xff));
    } else if (op.atom == DW_OP_plus_uconst || op.atom == DW_OP_constu) {
      bytes.uleb(op.number);
    }
  }
  return hex(bytes.bytes());
}

std::string offset_text(std::int64_t offset) { return std::to_string(offset); }

std::string libdw_cfa(Dwarf_Frame* frame) {
  Dwarf_Op* ops = nullptr;
  std::size_t count = 0;
  if (dwarf_frame_cfa(frame, &ops, &count) != 0) return "error";
  if (count == 0) return "none";
  if (count == 1 && ops[0].atom == DW_OP_bregx) {
    return "r" + std::to_string(ops[0].number) + " " +
           offset_text(static_cast<std::int64_t>(ops[0].number2));
  }
  if (count == 1 && ops[0].atom >= DW_OP_breg0 && ops[0].atom <= DW_OP_breg31) {
    return "r" + std::to_string(ops[0].atom - DW_OP_breg0) + " " +
           offset_text(static_cast<std::int64_t>(ops[0].number));
  }
  return "expression " + encoded(ops, count);
}

std::string our_cfa(const CfiRow& row) {
  switch (row.cfa.kind) {
    case CfaRule::Kind::kNone:
      return "none";
    case CfaRule::Kind::kRegister:
      return "r" + std::to_string(row.cfa.reg) + " " + offset_text(row.cfa.offset);
    case CfaRule::Kind::kExpression:
      return "expression " + hex(row.cfa.expression);
  }
  return "?";
}

std::string libdw_register(Dwarf_Frame* frame, unsigned reg) {
  Dwarf_Op memory[3];
  Dwarf_Op* ops = nullptr;
  std::size_t count = 0;
  if (dwarf_frame_register(frame, static_cast<int>(reg), memory, &ops, &count) != 0) return "error";
  if (count == 0) return ops == nullptr ? "same" : "undefined";
  if (ops[0].atom == DW_OP_regx) return "in r" + std::to_string(ops[0].number);
  if (ops[0].atom != DW_OP_call_frame_cfa) return "?";
  const bool value = ops[count - 1].atom == DW_OP_stack_value;
  const std::size_t inner = count - 1 - (value ? 1 : 0);
  if (ops == memory) {
    const std::int64_t offset = inner == 0 ? 0 : static_cast<std::int64_t>(ops[1].number);
    return (value ? "is " : "at ") + offset_text(offset);
  }
  return (value ? "is expression " : "at expression ") + encoded(ops + 1, inner);
}

/// In libdw's terms: what is not specified is the same for callee-saved registers, CFA for RSP,
/// and unknown otherwise.
std::string our_register(const CfiRow& row, unsigned reg) {
  const RegisterRule& rule = row.registers[reg];
  switch (rule.kind) {
    case RegisterRule::Kind::kUnspecified:
      if (reg == kRsp) return "is 0";
      // elfutils 0.188 (backends/x86_64_cfi.c) has RAX's number, 0, where it means RBX, 3.
      if (reg == 0 || reg == 3) return reg == 0 ? "same" : "undefined";
      return (x86_64::Registers::kCalleeSaved >> reg & 1U) != 0 ? "same" : "undefined";
    case RegisterRule::Kind::kUndefined:
      return "undefined";
    case RegisterRule::Kind::kSameValue:
      return "same";
    case RegisterRule::Kind::kOffset:
      return "at " + offset_text(rule.value);
    case RegisterRule::Kind::kValueOffset:
      return "is " + offset_text(rule.value);
    case RegisterRule::Kind::kRegister:
      return "in r" + std::to_string(rule.value);
    case RegisterRule::Kind::kExpression:
      return "at expression " + hex(rule.expression());
    case RegisterRule::Kind::kValueExpression:
      return "is expression " + hex(rule.expression());
  }
  return "?";
}

/// What the compiled rule says of CFA, return address and RBP, in the same words.
struct RuleText {
  std::string cfa, ra, rbp;
};
RuleText text_of(const UnwindRule& rule) {
  const bool from_fp = (rule.flags & UnwindRule::kCfaFromFramePointer) != 0;
  const bool saved = (rule.flags & UnwindRule::kFramePointerSaved) != 0;
  return {.cfa = "r" + std::to_string(from_fp ? kRbp : kRsp) + " " + offset_text(rule.cfa_offset),
          .ra = "at " + offset_text(rule.ra_offset),
          .rbp = saved ? "at " + offset_text(rule.fp_offset) : "same"};
}

class Libdw {
 public:
  explicit Libdw(const std::string& path) : descriptor_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    elf_version(EV_CURRENT);
    elf_ = elf_begin(descriptor_, ELF_C_READ_MMAP, nullptr);
    cfi_ = elf_ == nullptr ? nullptr : dwarf_getcfi_elf(elf_);
  }
  ~Libdw() {
    if (cfi_ != nullptr) dwarf_cfi_end(cfi_);
    elf_end(elf_);
    if (descriptor_ >= 0) close(descriptor_);
  }
  Libdw(const Libdw&) = delete;
  Libdw& operator=(const Libdw&) = delete;

  [[nodiscard]] bool ok() const { return cfi_ != nullptr; }
  [[nodiscard]] Dwarf_Frame* frame(std::uint64_t address) const {
    Dwarf_Frame* frame = nullptr;
    return dwarf_cfi_addrframe(cfi_, address, &frame) == 0 ? frame : nullptr;
  }

 private:
  int descriptor_;
  Elf* elf_ = nullptr;
  Dwarf_CFI* cfi_ = nullptr;
};

class RealModule : public testing::TestWithParam<const char*> {};

TEST_P(RealModule, HasTheSameRowsAndRulesAsInLibdw) {
  const std::string path = GetParam();
  if (access(path.c_str(), R_OK) != 0) GTEST_SKIP() << path << " is not installed";
  const auto file = ElfFile::open(path);
  ASSERT_TRUE(file) << file.error().message();
  const Libdw libdw(path);
  ASSERT_TRUE(libdw.ok());
  const FdeTable table((*file)->unwind_sections());

  // Addresses by function, so that small ones are met as well, and anywhere within the function.
  std::vector<ModuleAddress> starts;
  table.for_each([&](const Fde& fde) {
    starts.push_back(fde.start);
    return true;
  });
  ASSERT_GT(starts.size(), 100U);
  std::mt19937_64 random(20261121);
  constexpr int kAddresses = 4000;
  int fast = 0;
  int differences = 0;
  for (int i = 0; i < kAddresses && differences < 10; ++i) {
    const auto whole = table.find(starts[random() % starts.size()]);
    ASSERT_TRUE(whole);
    const ModuleAddress address = whole->start + random() % whole->length;
    const auto fde = table.find(address);
    ASSERT_TRUE(fde);
    CfiRow row;
    const bool ours = find_row(*fde, address, row);
    Dwarf_Frame* theirs = libdw.frame(address.value());
    ASSERT_EQ(ours, theirs != nullptr) << std::hex << address.value();
    if (!ours) continue;

    Dwarf_Addr start = 0;
    Dwarf_Addr end = 0;
    bool signal = false;
    const int ra = dwarf_frame_info(theirs, &start, &end, &signal);
    std::string found = our_cfa(row);
    std::string expected = libdw_cfa(theirs);
    for (unsigned reg = 0; reg <= kRip; ++reg) {
      found += "; " + our_register(row, reg);
      expected += "; " + libdw_register(theirs, reg);
    }
    found += signal ? "; signal" : "; call";
    expected += row.signal_frame ? "; signal" : "; call";
    if (found != expected || static_cast<unsigned>(ra) != row.return_address_register ||
        row.start > address || row.end <= address) {
      ++differences;
      ADD_FAILURE() << path << " at 0x" << std::hex << address.value() << "\n  ours  " << found
                    << "\n  libdw " << expected;
    }

    const UnwindRule rule = compile<x86_64::Registers>(row);
    const std::string their_ra = libdw_register(theirs, kRip);
    if (rule.kind == UnwindRule::Kind::kStep) {
      ++fast;
      const RuleText text = text_of(rule);
      EXPECT_EQ(text.cfa, libdw_cfa(theirs)) << std::hex << address.value();
      EXPECT_EQ(text.ra, their_ra) << std::hex << address.value();
      EXPECT_EQ(text.rbp, libdw_register(theirs, kRbp)) << std::hex << address.value();
    } else if (rule.kind == UnwindRule::Kind::kEnd) {
      EXPECT_EQ(their_ra, "undefined") << std::hex << address.value();
    } else {
      EXPECT_EQ(rule.kind, UnwindRule::Kind::kSlow) << std::hex << address.value();
    }
    std::free(theirs);  // NOLINT: libdw allocates it with malloc
  }
  EXPECT_EQ(differences, 0);
  EXPECT_GT(fast, kAddresses * 9 / 10) << "rules that stay slow make unwinding slow";
}

std::string test_name(const testing::TestParamInfo<const char*>& info) {
  std::string name = info.param;
  name = name.substr(name.rfind('/') + 1);
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(Installed, RealModule,
                         testing::Values("/lib/x86_64-linux-gnu/libc.so.6",
                                         "/lib64/ld-linux-x86-64.so.2",
                                         "/usr/lib/x86_64-linux-gnu/libstdc++.so.6",
                                         "/usr/lib/x86_64-linux-gnu/libcrypto.so.3", "/usr/bin/gdb",
                                         "/usr/lib/gcc/x86_64-linux-gnu/12/cc1plus",
                                         "/usr/lib/x86_64-linux-gnu/libLLVM-14.so.1"),
                         test_name);

TEST(FdeTable, FindsTheSameFunctionsWithAndWithoutTheSearchTable) {
  const auto file = ElfFile::open("/lib/x86_64-linux-gnu/libc.so.6");
  ASSERT_TRUE(file);
  symbolizer::UnwindSections without = (*file)->unwind_sections();
  ASSERT_FALSE(without.eh_frame_hdr.bytes.empty());
  const FdeTable searched(without);
  without.eh_frame_hdr = {};
  const FdeTable scanned(without);
  std::vector<std::pair<std::uint64_t, std::uint64_t>> a;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> b;
  const auto into = [](auto& list) {
    return [&list](const Fde& fde) {
      list.emplace_back(fde.start.value(), fde.length);
      return true;
    };
  };
  searched.for_each(into(a));
  scanned.for_each(into(b));
  EXPECT_GT(a.size(), 2000U);
  EXPECT_EQ(a, b);
  std::mt19937_64 random(7);
  for (int i = 0; i < 5000; ++i) {
    const ModuleAddress address(a.front().first +
                                random() % (a.back().first + 4096 - a.front().first));
    const auto x = searched.find(address);
    const auto y = scanned.find(address);
    ASSERT_EQ(x.has_value(), y.has_value()) << std::hex << address.value();
    if (x) {
      EXPECT_EQ(x->start, y->start);
    }
  }
}

TEST(FdeTable, ScansTheSectionWhenTheSearchTableLies) {
  const auto file = ElfFile::open("/lib/x86_64-linux-gnu/libc.so.6");
  ASSERT_TRUE(file);
  symbolizer::UnwindSections sections = (*file)->unwind_sections();
  const FdeTable honest(sections);
  std::vector<std::byte> hdr(sections.eh_frame_hdr.bytes.begin(),
                             sections.eh_frame_hdr.bytes.end());
  // Every entry now points at the FDE one entry further on.
  for (std::size_t i = 12; i + 16 <= hdr.size(); i += 8) std::memcpy(&hdr[i + 4], &hdr[i + 12], 4);
  sections.eh_frame_hdr.bytes = hdr;
  const FdeTable lying(sections);
  int checked = 0;
  honest.for_each([&](const Fde& fde) {
    ++checked;
    const auto found = lying.find(fde.start);
    EXPECT_TRUE(found && found->start == fde.start && found->length == fde.length)
        << std::hex << fde.start.value();
    return !testing::Test::HasFailure();
  });
  EXPECT_GT(checked, 2000);
}

}  // namespace
}  // namespace profiler::unwind
