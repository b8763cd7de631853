#include "unwind/bare_code.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "machine/instruction_x86_64.h"
#include "machine/stack_pointer_x86_64.h"
#include "unwind/arch/x86_64/registers.h"

namespace profiler::unwind::x86_64 {

namespace {

using Bytes = std::span<const std::byte>;

bool begins(Bytes code, std::initializer_list<unsigned> pattern) {
  return code.size() >= pattern.size() &&
         std::ranges::equal(code.first(pattern.size()), pattern, [](std::byte b, unsigned p) {
           return std::to_integer<unsigned>(b) == p;
         });
}

/// The bytes just before `address` begin with `pattern`, which is `distance` long with operands.
bool preceded(const symbolizer::ElfFile& file, ModuleAddress address, std::uint64_t distance,
              std::initializer_list<unsigned> pattern) {
  if (address.value() < distance) return false;
  return begins(file.bytes_at(address - distance, distance), pattern);
}

CfiRow row_at(ModuleAddress address) {
  CfiRow row;
  row.start = address;
  row.end = address + 1;
  row.return_address_register = Registers::kProgramCounter;
  return row;
}

/// cfa = rsp + offset, and the return address below it.
CfiRow pushed(ModuleAddress address, std::int64_t cfa_offset, bool frame_pointer) {
  CfiRow row = row_at(address);
  row.cfa = {.kind = CfaRule::Kind::kRegister,
             .reg = Registers::kStackPointer,
             .offset = cfa_offset,
             .expression = {}};
  row.registers.set(Registers::kProgramCounter, RegisterRule::saved_at(-8));
  if (frame_pointer) row.registers.set(Registers::kFramePointer, RegisterRule::saved_at(-16));
  return row;
}

bool in_section(const symbolizer::ElfFile& file, ModuleAddress address, std::string_view name) {
  const symbolizer::Section* section = file.section(name);
  return section != nullptr && address - section->address < section->bytes.size();
}

}  // namespace

bool row_of_sigreturn(const symbolizer::ElfFile& file, ModuleAddress address, AddressKind kind,
                      CfiRow& row) {
  const ModuleAddress at = kind == AddressKind::kReturn ? address + 1 : address;
  const Bytes code = file.bytes_at(at, 16);
  const bool is_sigreturn =
      begins(code, {0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05}) ||  // mov $15, %rax; syscall
      begins(code, {0xb8, 0x0f, 0, 0, 0, 0x0f, 0x05}) ||              // mov $15, %eax; syscall
      (begins(code, {0x0f, 0x05}) && (preceded(file, at, 7, {0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0}) ||
                                      preceded(file, at, 5, {0xb8, 0x0f, 0, 0, 0})));
  if (!is_sigreturn) return false;
  // RSP points at a struct ucontext: its general registers start at byte 40 (asm/ucontext.h,
  // asm/sigcontext.h), in the order R8 to R15, RDI, RSI, RBP, RBX, RDX, RAX, RCX, RSP, RIP.
  constexpr std::array<unsigned, 17> kOrder = {8, 9, 10, 11, 12, 13, 14, 15, 5,
                                               4, 6, 3,  1,  0,  2,  7,  16};
  row = row_at(address);
  row.signal_frame = true;
  row.cfa = {.kind = CfaRule::Kind::kRegister,
             .reg = Registers::kStackPointer,
             .offset = 0,
             .expression = {}};
  std::int64_t offset = 40;
  for (const unsigned reg : kOrder) {
    row.registers.set(reg, RegisterRule::saved_at(offset));
    offset += 8;
  }
  return true;
}

bool row_of_bare_code(const symbolizer::ElfFile& file, ModuleAddress address, AddressKind kind,
                      CfiRow& row) {
  if (row_of_sigreturn(file, address, kind, row)) return true;
  const bool prologue_of_init =
      in_section(file, address, ".init") || in_section(file, address, ".fini");
  if (kind == AddressKind::kReturn) {
    // _init and _fini make their calls with eight bytes of alignment on the stack.
    if (!prologue_of_init) return false;
    row = pushed(address, 16, false);
    return true;
  }
  const Bytes code = file.bytes_at(address, 16);
  const bool entered =                              // the return address is on top:
      begins(code, {0xf3, 0x0f, 0x1e, 0xfa}) ||     // endbr64
      begins(code, {0x55, 0x48, 0x89, 0xe5}) ||     // push %rbp; mov %rsp, %rbp
      begins(code, {0xc3}) ||                       // ret
      begins(code, {0xf3, 0xc3}) ||                 // rep ret
      begins(code, {0xff, 0x25}) ||                 // jmp *GOT(%rip): a PLT stub
      begins(code, {0xf2, 0xff, 0x25}) ||           // bnd jmp
      (begins(code, {0x68}) && code.size() >= 6 &&  // push $N; jmp PLT0
       (begins(code.subspan(5), {0xe9}) || begins(code.subspan(5), {0xf2, 0xe9}))) ||
      (prologue_of_init && begins(code, {0x48, 0x83, 0xec, 0x08}));  // sub $8, %rsp
  if (entered) {
    row = pushed(address, 8, false);
    return true;
  }
  if (begins(code, {0x5d, 0xc3}) ||  // pop %rbp; ret
      (begins(code, {0x48, 0x89, 0xe5}) && preceded(file, address, 1, {0x55}))) {
    row = pushed(address, 16, true);
    return true;
  }
  if (prologue_of_init ||
      ((begins(code, {0xe9}) || begins(code, {0xf2, 0xe9})) &&  // jmp PLT0, N pushed
       preceded(file, address, 5, {0x68}))) {
    row = pushed(address, 16, false);
    return true;
  }
  return false;
}

bool row_of_frameless_code(Bytes code, ModuleAddress start, ModuleAddress address, CfiRow& row) {
  const std::uint64_t position = address - start;
  bool straight = true;  // So far, execution has come here from the function's start.
  bool reached = false;
  for (std::size_t at = 0; at < code.size();) {
    reached = reached || at == position;
    if (reached && straight) break;
    const auto instruction = machine::decode_instruction(code.subspan(at));
    if (!instruction || machine::may_move_rsp(*instruction)) return false;
    straight = straight && !machine::never_goes_on(*instruction);
    at += instruction->length;
  }
  if (reached) row = pushed(address, 8, false);
  return reached;
}

std::size_t padding_size(Bytes code) {
  std::size_t size = 0;
  while (size < code.size()) {
    Bytes at = code.subspan(size);
    std::size_t length = 0;
    while (length < at.size() &&  // prefixes of longer nops: operand size, CS
           (at[length] == std::byte{0x66} || at[length] == std::byte{0x2e})) {
      ++length;
    }
    at = at.subspan(length);
    if (begins(at, {0x90}) ||
        (length == 0 && (begins(at, {0xcc}) || begins(at, {0xf4}) || begins(at, {0x00})))) {
      length += 1;  // nop, int3, hlt, zeros
    } else if (begins(at, {0x0f, 0x0b}) && length == 0) {
      length = 2;  // ud2
    } else if (begins(at, {0x0f, 0x1f}) && at.size() > 2) {
      // nop with an operand in memory: ModRM, SIB if its rm is 4, a displacement by its mod.
      const auto mod_rm = std::to_integer<unsigned>(at[2]);
      constexpr std::array<std::size_t, 4> kDisplacement = {0, 1, 4, 0};
      length += 3 + (mod_rm % 8 == 4 ? 1U : 0U) + kDisplacement[mod_rm / 64];
    } else {
      break;
    }
    size += length;
  }
  return size;
}

}  // namespace profiler::unwind::x86_64
