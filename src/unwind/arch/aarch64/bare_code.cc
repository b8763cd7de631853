#include "unwind/bare_code.h"

#include <cstdint>
#include <cstring>

#include "unwind/arch/aarch64/registers.h"

namespace profiler::unwind::aarch64 {

namespace {

constexpr std::uint32_t kNop = 0xd503201f;
constexpr unsigned kLinkRegister = 30;

/// The instruction at `address`, or 0, which is none.
std::uint32_t instruction(const symbolizer::ElfFile& file, ModuleAddress address) {
  const auto bytes = file.bytes_at(address, 4);
  std::uint32_t value = 0;
  if (bytes.size() == sizeof value) std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

CfiRow row_at(ModuleAddress address) {
  CfiRow row;
  row.start = address;
  row.end = address + 4;
  row.return_address_register = kLinkRegister;
  row.cfa = {.kind = CfaRule::Kind::kRegister,
             .reg = Registers::kStackPointer,
             .offset = 0,
             .expression = {}};
  return row;
}

}  // namespace

bool row_of_sigreturn(const symbolizer::ElfFile& file, ModuleAddress address, AddressKind kind,
                      CfiRow& row) {
  constexpr std::uint32_t kMovX8Sigreturn = 0xd2801168;  // mov x8, #139
  constexpr std::uint32_t kSvc = 0xd4000001;
  const ModuleAddress at = kind == AddressKind::kReturn ? address + 1 : address;
  const bool whole = instruction(file, at) == kMovX8Sigreturn && instruction(file, at + 4) == kSvc;
  const bool half = instruction(file, at) == kSvc && at.value() >= 4 &&
                    instruction(file, at - 4) == kMovX8Sigreturn;
  if (!whole && !half) return false;
  // SP points at struct rt_sigframe: 128 bytes of siginfo, then struct ucontext, whose
  // sigcontext starts at 176 with the fault's address, then X0 to X30, SP, PC (asm/sigcontext.h).
  row = row_at(address);
  row.signal_frame = true;
  row.return_address_register = Registers::kProgramCounter;
  constexpr std::int64_t kRegisters = 128 + 176 + 8;
  for (unsigned reg = 0; reg <= Registers::kProgramCounter; ++reg)
    row.registers.set(reg, RegisterRule::saved_at(kRegisters + 8 * std::int64_t{reg}));
  return true;
}

bool row_of_bare_code(const symbolizer::ElfFile& file, ModuleAddress address, AddressKind kind,
                      CfiRow& row) {
  if (row_of_sigreturn(file, address, kind, row)) return true;
  if (kind == AddressKind::kReturn) return false;
  const std::uint32_t code = instruction(file, address);
  const bool in_link_register = code == 0xd65f03c0 ||                 // ret
                                code == 0xd503233f ||                 // paciasp
                                code == 0xd503245f ||                 // bti c
                                (code & 0xffc07fff) == 0xa9807bfd ||  // stp x29, x30, [sp, #-N]!
                                (code & 0x9f00001f) == 0x90000010 ||  // a PLT stub: adrp x16,
                                (code & 0xffc003ff) == 0xf9400211 ||  //   ldr x17, [x16, #N],
                                (code & 0xff8003ff) == 0x91000210 ||  //   add x16, x16, #N,
                                code == 0xd61f0220;                   //   br x17
  if (!in_link_register) return false;
  row = row_at(address);
  return true;
}

std::size_t padding_size(std::span<const std::byte> code) {
  std::size_t size = 0;
  for (std::uint32_t value = 0; code.size() - size >= sizeof value; size += sizeof value) {
    std::memcpy(&value, code.data() + size, sizeof value);
    if (value != kNop && value != 0) break;
  }
  return size;
}

}  // namespace profiler::unwind::aarch64
