// libFuzzer on debug information alone, without the ELF file around it that elf_fuzzer.cc spends
// its time on. The input is a row of sections: one byte that says which (with the high bit: that of
// a .dwo), two bytes of size, the bytes. make_dwarf_corpus writes such files.
#include <elf.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "symbolizer/dwarf/debug_info.h"
#include "symbolizer/dwarf/function_tree.h"
#include "symbolizer/dwarf/line_table.h"
#include "symbolizer/dwarf/source_lookup.h"
#include "symbolizer/elf/bytes.h"
#include "symbolizer/elf/function_symbols.h"
#include "tests/fuzz/heap_peak.h"

namespace {

using profiler::ModuleAddress;
using symbolizer::DebugSection;

constexpr std::uint64_t kCodeStart = 0x1000;
constexpr std::uint64_t kCodeSize = 0x2000;
/// A row of a line table takes 24 bytes, and 12 more where it is kept; a path has its folders.
constexpr std::size_t kPerByte = 600;
constexpr std::size_t kConstant = std::size_t{1} << 20;
constexpr std::size_t kMaxUnits = 16;

constexpr std::array<std::string_view, 11> kNames = {
    ".debug_info",     ".debug_abbrev",      ".debug_line",    ".debug_line_str",
    ".debug_str",      ".debug_str_offsets", ".debug_addr",    ".debug_ranges",
    ".debug_rnglists", ".debug_aranges",     ".debug_cu_index"};

constexpr const char* kNamesName = ".shstrtab";

/// An ELF file of the input's sections and one of code.
class Image {
 public:
  explicit Image(std::span<const std::byte> input) : bytes_(sizeof(Elf64_Ehdr)) {
    headers_.emplace_back();
    add_code();
    while (input.size() >= 3 && headers_.size() < 40) {
      const auto which = std::to_integer<unsigned>(input[0]);
      std::uint16_t size = 0;
      std::memcpy(&size, input.data() + 1, sizeof size);
      const auto contents = symbolizer::clip(input, 3, size);
      input = input.subspan(3 + contents.size());
      std::string name(kNames[(which & 0x7fU) % kNames.size()]);
      if ((which & 0x80U) != 0) name += ".dwo";
      add(name, contents);
    }
  }

  std::vector<std::byte> finish() {
    add(kNamesName, {});
    Elf64_Ehdr header = {};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    header.e_type = ET_EXEC;
    header.e_machine = EM_X86_64;
    header.e_version = EV_CURRENT;
    header.e_ehsize = sizeof header;
    header.e_shentsize = sizeof(Elf64_Shdr);
    header.e_shoff = bytes_.size();
    header.e_shnum = static_cast<Elf64_Half>(headers_.size());
    header.e_shstrndx = static_cast<Elf64_Half>(headers_.size() - 1);
    std::memcpy(bytes_.data(), &header, sizeof header);
    const auto table = std::as_bytes(std::span(headers_));
    bytes_.insert(bytes_.end(), table.begin(), table.end());
    return std::move(bytes_);
  }

 private:
  void add_code() {
    Elf64_Shdr code = {};
    code.sh_name = static_cast<Elf64_Word>(names_.size());
    names_ += std::string(".text") + '\0';
    code.sh_type = SHT_NOBITS;
    code.sh_flags = SHF_ALLOC | SHF_EXECINSTR;
    code.sh_addr = kCodeStart;
    code.sh_size = kCodeSize;
    headers_.push_back(code);
  }
  void add(const std::string& name, std::span<const std::byte> contents) {
    Elf64_Shdr header = {};
    header.sh_name = static_cast<Elf64_Word>(names_.size());
    names_ += name + '\0';
    header.sh_type = SHT_PROGBITS;
    header.sh_offset = bytes_.size();
    // The names themselves come last, with the one just appended.
    if (name == kNamesName) {
      header.sh_type = SHT_STRTAB;
      contents = std::as_bytes(std::span(names_));
    }
    header.sh_size = contents.size();
    bytes_.insert(bytes_.end(), contents.begin(), contents.end());
    headers_.push_back(header);
  }

  std::vector<std::byte> bytes_;
  std::vector<Elf64_Shdr> headers_;
  std::string names_ = std::string(1, '\0');
};

/// What a split unit answers, without the file name that leads to it.
void ask_split_units(const std::shared_ptr<const symbolizer::ElfFile>& file,
                     std::span<const symbolizer::CodeRegion> code) {
  const symbolizer::DebugFileSearch nowhere{.directories = {}};
  symbolizer::DebugInfo plain(file, symbolizer::SectionFlavour::kPlain, nowhere);
  symbolizer::DebugInfo split(file, symbolizer::SectionFlavour::kSplit, nowhere);
  if (plain.units().empty()) return;
  const symbolizer::Unit* skeleton = plain.unit_at(plain.units().front().offset);
  if (skeleton == nullptr) return;
  std::size_t asked = 0;
  for (const symbolizer::UnitHeader& header : split.units()) {
    if (++asked > kMaxUnits) break;
    const auto unit = split.open_split_unit(split.sections(), header.offset, *skeleton);
    if (unit == nullptr) continue;
    symbolizer::LineTable files(*unit);
    symbolizer::FunctionTree tree(*unit, code);
    for (std::uint64_t at = kCodeStart; at < kCodeStart + 0x200; at += 8) {
      for (const auto& step : tree.chain_at(ModuleAddress(at))) {
        static_cast<void>(files.file(step.call_file));
        if (const auto origin = unit->reference(step.origin)) {
          static_cast<void>(origin->unit->text(origin->unit->read_die(origin->offset).name));
        }
      }
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = std::as_bytes(std::span<const std::uint8_t>(data, size));
  auto file = symbolizer::ElfFile::from_memory(Image(input).finish(), "/nonexistent/input");
  if (!file) return 0;
  const profiler::test::HeapPeak peak;
  const auto code = symbolizer::code_regions(**file);
  if (auto info = symbolizer::DebugInfo::open(*file, {.directories = {}})) {
    symbolizer::SourceLookup source(std::move(info), code);
    for (std::uint64_t at = kCodeStart; at < kCodeStart + 0x400; at += 4) {
      static_cast<void>(source.at(ModuleAddress(at)));
    }
  }
  ask_split_units(*file, code);
  profiler::test::expect_at_most(kConstant + kPerByte * size, peak);
  return 0;
}
