#include "tests/oracle/libdw_comparison.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <random>

#include "symbolizer/elf/elf_file.h"
#include "symbolizer/elf/fde_table.h"
#include "tests/unit/unwind/synthetic_module.h"
#include "unwind/arch/x86_64/registers.h"
#include "unwind/cfi_interpreter.h"
#include "unwind/unwind_rule.h"

namespace profiler::oracle {
namespace {

using namespace profiler::unwind;
using symbolizer::ElfFile;
using symbolizer::Fde;
using symbolizer::FdeTable;
using unwind::test::CfiBytes;

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

using Frame = std::unique_ptr<Dwarf_Frame, decltype([](Dwarf_Frame* frame) {
                                std::free(frame);  // NOLINT: libdw allocates it with malloc
                              })>;

/// Addresses of described code.
class RandomAddresses {
 public:
  RandomAddresses(const FdeTable& table, std::uint64_t seed) : random_(seed) {
    table.for_each([this](const Fde& fde) {
      total_ += fde.length;
      functions_.push_back({.start = fde.start, .length = fde.length, .up_to = total_});
      return true;
    });
  }
  [[nodiscard]] std::size_t functions() const { return functions_.size(); }

  ModuleAddress next() {
    if (functions_.empty()) return {};
    by_function_ = !by_function_;
    if (by_function_) {
      const Function& function = functions_[random_() % functions_.size()];
      return function.start + random_() % function.length;
    }
    const std::uint64_t byte = random_() % total_;
    const auto at = std::ranges::upper_bound(functions_, byte, {}, &Function::up_to);
    return at->start + (at->up_to - 1 - byte);
  }

 private:
  struct Function {
    ModuleAddress start;
    std::uint64_t length;
    std::uint64_t up_to;  // Bytes of this one and those before.
  };
  std::mt19937_64 random_;
  std::vector<Function> functions_;
  std::uint64_t total_ = 0;
  bool by_function_ = false;
};

/// What a row or a rule says, in libdw's words, by what it is about.
using Saying = std::map<std::string, std::string>;

Saying said_by_libdw(Dwarf_Frame* frame) {
  Saying saying;
  bool signal = false;
  const int ra = dwarf_frame_info(frame, nullptr, nullptr, &signal);
  saying["CFA"] = libdw_cfa(frame);
  saying["kind of frame"] = signal ? "signal" : "call";
  saying["return address column"] = std::to_string(ra);
  for (unsigned reg = 0; reg <= kRip; ++reg)
    saying["rule of register " + std::to_string(reg)] = libdw_register(frame, reg);
  return saying;
}

Saying said_by_us(const CfiRow& row) {
  Saying saying;
  saying["CFA"] = our_cfa(row);
  saying["kind of frame"] = row.signal_frame ? "signal" : "call";
  saying["return address column"] = std::to_string(row.return_address_register);
  for (unsigned reg = 0; reg <= kRip; ++reg)
    saying["rule of register " + std::to_string(reg)] = our_register(row, reg);
  return saying;
}

/// The compiled rule, as far as it says anything: the slow path takes the row itself.
Saying said_by_rule(const UnwindRule& rule, const Saying& row) {
  switch (rule.kind) {
    case UnwindRule::Kind::kStep: {
      const RuleText text = text_of(rule);
      Saying saying{{"CFA", text.cfa}, {"kind of frame", "call"}};
      saying["rule of register " + std::to_string(kRip)] = text.ra;
      saying["rule of register " + std::to_string(kRbp)] = text.rbp;
      return saying;
    }
    case UnwindRule::Kind::kEnd:
      return {{"rule of register " + std::to_string(kRip), "undefined"}};
    case UnwindRule::Kind::kSlow:
      return row;
    default:
      return {{"compiled rule", "none"}};
  }
}

/// The callee-saved registers that a rule says are no longer the caller's must be those that libdw
/// does not call the same.
bool same_saved(const UnwindRule& rule, const Saying& libdw) {
  constexpr unsigned kFirst = 3;
  for (const unsigned reg : {12U, 13U, 14U, 15U, kRbp}) {
    const bool saved = (rule.saved >> (reg - kFirst) & 1U) != 0;
    if (saved != (libdw.at("rule of register " + std::to_string(reg)) != "same")) return false;
  }
  return true;
}

/// Empty: they say the same. Else what they differ in, and how.
std::pair<std::string, std::string> first_difference(const Saying& ours, const Saying& theirs,
                                                     const std::string& prefix) {
  for (const auto& [about, said] : ours) {
    const auto other = theirs.find(about);
    if (other != theirs.end() && other->second == said) continue;
    return {prefix + about,
            said + ", libdw: " + (other == theirs.end() ? "nothing" : other->second)};
  }
  return {};
}

std::pair<std::string, std::string> difference_at(ModuleAddress address, const FdeTable& table,
                                                  const Libdw& libdw, LibdwComparison& result) {
  const auto fde = table.find(address);
  CfiRow row;
  const bool ours = fde && find_row(*fde, address, row);
  const Frame theirs(libdw.frame(address.value()));
  if (!ours && !theirs) return {};
  if (!ours) return {"only libdw has a row", ""};
  if (!theirs) return {"only we have a row", ""};
  Dwarf_Addr start = 0;
  Dwarf_Addr end = 0;
  dwarf_frame_info(theirs.get(), &start, &end, nullptr);
  // libdw ends a row earlier where the instructions that follow change nothing.
  if (row.start > address || row.end <= address)
    return {"a row that does not hold its address", ""};
  const Saying libdw_says = said_by_libdw(theirs.get());
  const Saying row_says = said_by_us(row);
  auto difference = first_difference(row_says, libdw_says, "row: ");
  if (!difference.first.empty()) return difference;
  const UnwindRule rule = compile<x86_64::Registers>(row);
  if (rule.kind == UnwindRule::Kind::kStep) ++result.fast;
  difference = first_difference(said_by_rule(rule, row_says), libdw_says, "compiled rule: ");
  if (difference.first.empty() && rule.kind == UnwindRule::Kind::kStep &&
      !same_saved(rule, libdw_says)) {
    return {"compiled rule: saved registers", ""};
  }
  return difference;
}

}  // namespace

Result<LibdwComparison> compare_with_libdw(const std::string& path, std::size_t count,
                                           std::uint64_t seed) {
  const auto file = ElfFile::open(path);
  if (!file) return std::unexpected(file.error());
  const Libdw libdw(path);
  if (!libdw.ok()) return std::unexpected(Error{.what = "libdw finds no tables", .path = path});
  const FdeTable table((*file)->unwind_sections());
  RandomAddresses addresses(table, seed);
  LibdwComparison result;
  result.functions = addresses.functions();
  if (result.functions == 0) return std::unexpected(Error{.what = "has no tables", .path = path});
  for (; result.addresses < count; ++result.addresses) {
    const ModuleAddress address = addresses.next();
    const auto [what, how] = difference_at(address, table, libdw, result);
    if (what.empty()) {
      ++result.equal;
    } else if (result.differences[what]++ == 0) {
      char text[40];
      std::snprintf(text, sizeof text,
                    " at 0x%llx: ", static_cast<unsigned long long>(address.value()));
      result.examples.push_back(what + text + how);
    }
  }
  return result;
}

}  // namespace profiler::oracle
