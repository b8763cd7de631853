// ELF files made by hand, with call frame information made by hand: what no compiler writes.
//
//   CfiBytes cie = CfiBytes().def_cfa(7, 8).offset(16, 1);
//   SyntheticModule module(kX86_64);
//   const std::size_t at = module.add_cie("", 1, -8, 16, cie);
//   module.add_fde(at, 0x1000, 0x100, CfiBytes());
//   auto file = module.file();
#pragma once

#include <elf.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "symbolizer/elf/elf_file.h"

namespace profiler::unwind::test {

/// Little-endian numbers and call frame instructions, appended.
class CfiBytes {
 public:
  template <class T>
  CfiBytes& raw(T value) {
    const auto* first = reinterpret_cast<const std::byte*>(&value);
    bytes_.insert(bytes_.end(), first, first + sizeof value);
    return *this;
  }
  CfiBytes& u8(unsigned value) { return raw(static_cast<std::uint8_t>(value)); }
  CfiBytes& uleb(std::uint64_t value) {
    do {
      const auto low = static_cast<unsigned>(value & 0x7f);
      value >>= 7;
      u8(low | (value != 0 ? 0x80U : 0U));
    } while (value != 0);
    return *this;
  }
  CfiBytes& sleb(std::int64_t value) {
    for (;;) {
      const auto low = static_cast<unsigned>(value & 0x7f);
      value >>= 7;
      const bool last = (value == 0 && (low & 0x40) == 0) || (value == -1 && (low & 0x40) != 0);
      u8(low | (last ? 0U : 0x80U));
      if (last) return *this;
    }
  }
  CfiBytes& append(const CfiBytes& other) {
    bytes_.insert(bytes_.end(), other.bytes_.begin(), other.bytes_.end());
    return *this;
  }

  // DW_CFA_*, by the names of DWARF 5 §6.4.2. Offsets are factored, as in the encoding.
  CfiBytes& advance(unsigned delta) { return u8(0x40 | delta); }
  CfiBytes& offset(unsigned reg, std::uint64_t n) { return u8(0x80 | reg).uleb(n); }
  CfiBytes& restore(unsigned reg) { return u8(0xc0 | reg); }
  CfiBytes& undefined(unsigned reg) { return u8(0x07).uleb(reg); }
  CfiBytes& same_value(unsigned reg) { return u8(0x08).uleb(reg); }
  CfiBytes& in_register(unsigned reg, unsigned other) { return u8(0x09).uleb(reg).uleb(other); }
  CfiBytes& remember() { return u8(0x0a); }
  CfiBytes& restore_state() { return u8(0x0b); }
  CfiBytes& def_cfa(unsigned reg, std::uint64_t n) { return u8(0x0c).uleb(reg).uleb(n); }
  CfiBytes& def_cfa_register(unsigned reg) { return u8(0x0d).uleb(reg); }
  CfiBytes& def_cfa_offset(std::uint64_t n) { return u8(0x0e).uleb(n); }
  CfiBytes& def_cfa_expression(const CfiBytes& e) { return u8(0x0f).uleb(e.size()).append(e); }
  CfiBytes& expression(unsigned reg, const CfiBytes& e) {
    return u8(0x10).uleb(reg).uleb(e.size()).append(e);
  }
  CfiBytes& val_offset(unsigned reg, std::uint64_t n) { return u8(0x14).uleb(reg).uleb(n); }
  CfiBytes& val_expression(unsigned reg, const CfiBytes& e) {
    return u8(0x16).uleb(reg).uleb(e.size()).append(e);
  }
  CfiBytes& negate_ra_state() { return u8(0x2d); }

  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  [[nodiscard]] const std::vector<std::byte>& bytes() const { return bytes_; }
  std::vector<std::byte>& bytes() { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

/// A module of 64 KiB of zeros as code, linked at 0, with an .eh_frame.
class SyntheticModule {
 public:
  static constexpr std::uint64_t kCodeSize = 0x10000;
  static constexpr std::uint64_t kEhFrameAddress = 0x10000;

  explicit SyntheticModule(std::uint16_t machine = EM_X86_64) : machine_(machine) {}

  /// Returns its position, for add_fde. Addresses of its FDEs are absolute and eight bytes long.
  std::size_t add_cie(std::string_view augmentation, std::uint64_t code_alignment,
                      std::int64_t data_alignment, unsigned return_register, const CfiBytes& code) {
    CfiBytes body;
    body.raw(std::uint32_t{0}).u8(1);
    for (const char c : augmentation) body.u8(static_cast<unsigned char>(c));
    body.u8(0).uleb(code_alignment).sleb(data_alignment).u8(return_register);
    if (augmentation.starts_with('z')) {
      // The only letter with data that tests use is R.
      const bool has_r = augmentation.find('R') != std::string_view::npos;
      body.uleb(has_r ? 1 : 0);
      if (has_r) body.u8(0);
    }
    return add_entry(body.append(code));
  }

  std::size_t add_fde(std::size_t cie, std::uint64_t start, std::uint64_t length,
                      const CfiBytes& code, bool augmented = false) {
    CfiBytes body;
    body.raw(static_cast<std::uint32_t>(eh_frame_.size() + 4 - cie)).raw(start).raw(length);
    if (augmented) body.uleb(0);
    return add_entry(body.append(code));
  }

  /// For tests that damage it.
  std::vector<std::byte>& eh_frame() { return eh_frame_; }

  /// The code bytes at `address`.
  void set_code(std::uint64_t address, std::vector<std::uint8_t> code) {
    code_.emplace_back(address, std::move(code));
  }

  [[nodiscard]] std::shared_ptr<const symbolizer::ElfFile> file() const {
    static constexpr char kNames[] = "\0.eh_frame\0.shstrtab";
    const std::size_t names_at = kEhFrameAddress + eh_frame_.size();
    const std::size_t headers_at = (names_at + sizeof kNames + 7) / 8 * 8;
    std::vector<std::byte> image(headers_at + 3 * sizeof(Elf64_Shdr));

    Elf64_Ehdr header{};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    header.e_type = ET_DYN;
    header.e_machine = machine_;
    header.e_version = EV_CURRENT;
    header.e_phoff = sizeof header;
    header.e_shoff = headers_at;
    header.e_ehsize = sizeof header;
    header.e_phentsize = sizeof(Elf64_Phdr);
    header.e_phnum = 1;
    header.e_shentsize = sizeof(Elf64_Shdr);
    header.e_shnum = 3;
    header.e_shstrndx = 2;
    std::memcpy(image.data(), &header, sizeof header);

    Elf64_Phdr load{};
    load.p_type = PT_LOAD;
    load.p_flags = PF_R | PF_X;
    load.p_filesz = load.p_memsz = names_at;
    load.p_align = 0x1000;
    std::memcpy(image.data() + sizeof header, &load, sizeof load);

    for (const auto& [address, code] : code_)
      std::memcpy(image.data() + address, code.data(), code.size());
    if (!eh_frame_.empty())
      std::memcpy(image.data() + kEhFrameAddress, eh_frame_.data(), eh_frame_.size());
    std::memcpy(image.data() + names_at, kNames, sizeof kNames);

    Elf64_Shdr sections[3]{};
    sections[1].sh_name = 1;
    sections[1].sh_type = SHT_PROGBITS;
    sections[1].sh_flags = SHF_ALLOC;
    sections[1].sh_addr = sections[1].sh_offset = kEhFrameAddress;
    sections[1].sh_size = eh_frame_.size();
    sections[2].sh_name = 11;
    sections[2].sh_type = SHT_STRTAB;
    sections[2].sh_offset = names_at;
    sections[2].sh_size = sizeof kNames;
    std::memcpy(image.data() + headers_at, sections, sizeof sections);

    auto file = symbolizer::ElfFile::from_memory(std::move(image), "synthetic");
    return file ? *file : nullptr;
  }

 private:
  std::size_t add_entry(CfiBytes& body) {
    while ((body.size() + 4) % 8 != 0) body.u8(0);  // DW_CFA_nop
    const std::size_t at = eh_frame_.size();
    CfiBytes entry;
    entry.raw(static_cast<std::uint32_t>(body.size())).append(body);
    eh_frame_.insert(eh_frame_.end(), entry.bytes().begin(), entry.bytes().end());
    return at;
  }

  std::uint16_t machine_;
  std::vector<std::byte> eh_frame_;
  std::vector<std::pair<std::uint64_t, std::vector<std::uint8_t>>> code_;
};

}  // namespace profiler::unwind::test
