#include "symbolizer/elf/plt_stubs.h"

#include <elf.h>

#include <algorithm>
#include <array>

#include "symbolizer/elf/bytes.h"
#include "symbolizer/elf/dynamic_section.h"

namespace symbolizer {
namespace {

enum class RelocationUse : std::uint8_t { kNone, kSymbol, kResolver };

RelocationUse use_of(Machine machine, std::uint32_t type) {
  switch (machine) {
    case Machine::kX86_64:
      if (type == R_X86_64_JUMP_SLOT || type == R_X86_64_GLOB_DAT) return RelocationUse::kSymbol;
      return type == R_X86_64_IRELATIVE ? RelocationUse::kResolver : RelocationUse::kNone;
    case Machine::kAarch64:
      if (type == R_AARCH64_JUMP_SLOT || type == R_AARCH64_GLOB_DAT) return RelocationUse::kSymbol;
      return type == R_AARCH64_IRELATIVE ? RelocationUse::kResolver : RelocationUse::kNone;
    default:
      return RelocationUse::kNone;
  }
}

/// Where a stub's code leads: through a GOT slot, or by its index in .rela.plt.
struct StubTarget {
  std::optional<ModuleAddress> slot;
  std::optional<std::uint32_t> index;
};

/// endbr64? (bnd)? jmp *disp32(%rip), or the lazy half: endbr64? push $index; (bnd)? jmp.
/// System V psABI x86-64, "Procedure Linkage Table".
StubTarget decode_x86_64(ModuleAddress address, std::span<const std::byte> code) {
  constexpr std::array kEndbr{std::byte{0xf3}, std::byte{0x0f}, std::byte{0x1e}, std::byte{0xfa}};
  std::size_t at = 0;
  if (code.size() >= 4 && std::ranges::equal(code.first(4), kEndbr)) at = 4;
  std::uint8_t opcode = 0;
  if (!read_at(code, at, opcode)) return {};
  if (opcode == 0xf2 && !read_at(code, ++at, opcode)) return {};
  std::uint8_t operand = 0;
  std::int32_t value = 0;
  if (opcode == 0xff && read_at(code, at + 1, operand) && operand == 0x25 &&
      read_at(code, at + 2, value)) {
    return {.slot = address + (at + 6) + static_cast<std::uint64_t>(std::int64_t{value}),
            .index = {}};
  }
  if (opcode == 0x68 && read_at(code, at + 1, value) && value >= 0) {
    return {.slot = {}, .index = static_cast<std::uint32_t>(value)};
  }
  return {};
}

/// (bti)? adrp x16, page; ldr x17, [x16, #low]. AAELF64, "Procedure Linkage Table".
StubTarget decode_aarch64(ModuleAddress address, std::span<const std::byte> code) {
  std::uint64_t at = 0;
  std::uint32_t adrp = 0;
  std::uint32_t load = 0;
  if (!read_at(code, 0, adrp)) return {};
  if (adrp == 0xd503245f) {
    at = 4;
    if (!read_at(code, at, adrp)) return {};
  }
  if (!read_at(code, at + 4, load)) return {};
  if ((adrp & 0x9f00001f) != 0x90000010 || (load & 0xffc003ff) != 0xf9400211) return {};
  const std::uint32_t low = adrp >> 29 & 3;
  const std::uint32_t high = adrp >> 5 & 0x7ffff;
  const auto pages = static_cast<std::int32_t>((high << 2 | low) << 11) >> 11;
  const std::uint64_t page = (address.value() + at) & ~std::uint64_t{0xfff};
  const std::uint64_t into_page = std::uint64_t{load >> 10 & 0xfff} * 8;
  return {.slot = ModuleAddress(page + static_cast<std::uint64_t>(std::int64_t{pages} * 4096) +
                                into_page),
          .index = {}};
}

}  // namespace

PltStubs::PltStubs(const ElfFile& file, const FunctionSymbols& functions)
    : file_(file), functions_(functions) {
  const DynamicSection dynamic = read_dynamic_section(file);
  symbols_ = dynamic.indexed_symbols;
  strings_ = dynamic.strings;
  add_relocations(dynamic.plt_relocations, true);
  add_relocations(dynamic.relocations, false);
  if (slots_.empty()) {
    // A static executable has no PT_DYNAMIC: its IRELATIVE relocations are in .rela.plt.
    for (const char* name : {".rela.plt", ".rela.dyn"}) {
      if (const Section* section = file.section(name)) add_relocations(section->bytes, false);
    }
  }
  std::ranges::stable_sort(slots_, {}, &Slot::address);
}

void PltStubs::add_relocations(std::span<const std::byte> table, bool plt) {
  for (; table.size() >= sizeof(Elf64_Rela); table = table.subspan(sizeof(Elf64_Rela))) {
    Elf64_Rela relocation;
    std::memcpy(&relocation, table.data(), sizeof relocation);
    const RelocationUse use =
        use_of(file_.machine(), static_cast<std::uint32_t>(ELF64_R_TYPE(relocation.r_info)));
    if (use == RelocationUse::kNone) {
      if (plt) lazy_by_index_.push_back({});
      continue;
    }
    Slot slot{.address = relocation.r_offset, .symbol = 0, .resolver = 0};
    if (use == RelocationUse::kSymbol) {
      slot.symbol = static_cast<std::uint32_t>(ELF64_R_SYM(relocation.r_info));
    } else {
      slot.resolver = static_cast<std::uint64_t>(relocation.r_addend);
    }
    slots_.push_back(slot);
    if (plt) lazy_by_index_.push_back(slot);
  }
}

const PltStubs::Slot* PltStubs::slot_of_stub(ModuleAddress stub) const {
  const auto code = file_.bytes_at(stub, 16);
  const StubTarget target =
      file_.machine() == Machine::kAarch64 ? decode_aarch64(stub, code) : decode_x86_64(stub, code);
  if (target.slot) {
    const auto found = std::ranges::lower_bound(slots_, target.slot->value(), {}, &Slot::address);
    if (found != slots_.end() && found->address == target.slot->value()) return &*found;
  }
  if (target.index && *target.index < lazy_by_index_.size()) {
    return &lazy_by_index_[*target.index];
  }
  return nullptr;
}

std::string PltStubs::name_of(const Slot& slot) const {
  std::string_view name;
  if (slot.symbol != 0) {
    Elf64_Sym symbol;
    if (read_at(symbols_, std::uint64_t{slot.symbol} * sizeof symbol, symbol)) {
      name = string_at(strings_, symbol.st_name);
    }
  } else if (slot.resolver != 0) {
    // The resolver of an indirect function has the function's own name.
    if (const auto function = functions_.find(ModuleAddress(slot.resolver))) name = function->name;
  }
  return std::string(name);
}

std::optional<std::string> PltStubs::name_at(ModuleAddress address,
                                             const CodeRegion& region) const {
  // Stubs start at multiples of 16, those of .plt.got at multiples of 8, counted from the section.
  const bool by_section = !region.name.empty();
  if (by_section && !region.name.starts_with(".plt") && !region.name.starts_with(".iplt")) {
    return std::nullopt;
  }
  const ModuleAddress base = by_section ? region.start : ModuleAddress(0);
  for (const std::uint64_t size : {std::uint64_t{8}, std::uint64_t{16}, std::uint64_t{24}}) {
    const ModuleAddress stub = address - (address - base) % size;
    const Slot* slot = slot_of_stub(stub);
    if (slot == nullptr) continue;
    std::string name = name_of(*slot);
    if (!name.empty()) return name + "@plt";
  }
  return std::nullopt;
}

}  // namespace symbolizer
