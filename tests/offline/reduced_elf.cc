#include "tests/offline/reduced_elf.h"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <set>
#include <vector>

#include "symbolizer/elf/fde_table.h"
#include "symbolizer/elf/function_symbols.h"

namespace profiler::test {
namespace {

using symbolizer::AddressedBytes;
using symbolizer::ElfFile;
using symbolizer::Fde;
using Bytes = std::span<const std::byte>;

/// As far as code is looked at on either side of an address (src/unwind/bare_code.h), and padding
/// behind a function.
constexpr std::uint64_t kCodeBefore = 16;
constexpr std::uint64_t kCodeAfter = 32;
constexpr std::uint64_t kPadding = 15;
constexpr std::uint64_t kLargestFunction = 8192;
constexpr std::size_t kLargestSymbolTable = 8192;

template <class T>
T value_at(Bytes bytes, std::uint64_t offset) {
  T value{};
  if (offset <= bytes.size() && bytes.size() - offset >= sizeof value)
    std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

template <class T>
Bytes bytes_of(const T& value) {
  return std::as_bytes(std::span(&value, 1));
}

class Reduction {
 public:
  explicit Reduction(const ElfFile& file) : file_(file), kept_(file.bytes().size()) {}

  SparseFile run(std::span<const ModuleAddress> visited);

 private:
  [[nodiscard]] std::uint64_t offset_of(Bytes part) const {
    return static_cast<std::uint64_t>(part.data() - file_.bytes().data());
  }
  [[nodiscard]] bool is_inside(Bytes part, Bytes whole) const {
    return !whole.empty() && part.data() >= whole.data() &&
           part.data() <= whole.data() + whole.size();
  }
  void keep(std::uint64_t offset, std::uint64_t size);
  void keep(Bytes part) { keep(offset_of(part), part.size()); }
  void keep_headers();
  void keep_code(ModuleAddress address);
  void keep_function(ModuleAddress address);
  void keep_eh_frame();
  void keep_search_table();
  void keep_debug_frame();

  const ElfFile& file_;
  SparseFile kept_;
  std::vector<Fde> fdes_;  // Of .eh_frame.
  bool uses_debug_frame_ = false;
};

void Reduction::keep(std::uint64_t offset, std::uint64_t size) {
  const Bytes all = file_.bytes();
  if (offset >= all.size()) return;
  kept_.keep(offset, all.subspan(offset, std::min<std::uint64_t>(size, all.size() - offset)));
}

void Reduction::keep_headers() {
  const auto header = value_at<Elf64_Ehdr>(file_.bytes(), 0);
  keep(0, sizeof header);
  keep(header.e_phoff, std::uint64_t{header.e_phnum} * sizeof(Elf64_Phdr));
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    const auto segment =
        value_at<Elf64_Phdr>(file_.bytes(), header.e_phoff + i * sizeof(Elf64_Phdr));
    if (segment.p_type == PT_NOTE) keep(segment.p_offset, segment.p_filesz);
  }
  if (file_.sections().empty()) return;
  keep(header.e_shoff, std::uint64_t{header.e_shnum} * sizeof(Elf64_Shdr));
  if (header.e_shstrndx < file_.sections().size()) keep(file_.sections()[header.e_shstrndx].bytes);
}

void Reduction::keep_code(ModuleAddress address) {
  const ModuleAddress start =
      address.value() > kCodeBefore ? address - kCodeBefore : ModuleAddress(0);
  const Bytes before = file_.bytes_at(start, address - start);
  if (!before.empty()) keep(before);
  const Bytes code = file_.bytes_at(address, kCodeAfter);
  if (!code.empty()) keep(code);
}

/// Of code without unwind entries, all is looked at, as far as a symbol says what all is.
void Reduction::keep_function(ModuleAddress address) {
  auto file = ElfFile::open(file_.path());
  if (!file) return;
  symbolizer::FunctionSymbols functions(file_);
  functions.add_symbols_of(*file);
  functions.build();
  const auto function = functions.find(address);
  if (!function || function->end - function->start > kLargestFunction) return;
  keep(file_.bytes_at(function->start, function->end - function->start));
  for (const symbolizer::Section& section : file_.sections()) {
    if (section.type != SHT_SYMTAB && section.type != SHT_DYNSYM) continue;
    if (section.bytes.size() > kLargestSymbolTable) continue;
    keep(section.bytes);
    if (section.link < file_.sections().size()) keep(file_.sections()[section.link].bytes);
  }
}

void Reduction::keep_eh_frame() {
  const Bytes section = file_.unwind_sections().eh_frame.bytes;
  std::set<const std::byte*> ends;  // Of entries: their instructions come last.
  for (const Fde& fde : fdes_) {
    ends.insert(fde.instructions.data() + fde.instructions.size());
    ends.insert(fde.cie.instructions.data() + fde.cie.instructions.size());
  }
  std::uint64_t gap = 0;  // Where what is left out begins.
  std::uint64_t at = 0;
  while (at + 8 <= section.size()) {
    const auto length = value_at<std::uint32_t>(section, at);
    const std::uint64_t next = at + 4 + length;
    if (length == 0 || length == 0xffffffff || next > section.size()) break;
    if (ends.contains(section.data() + next)) {
      if (gap != at) {  // An entry of that length with id 0: a CIE that nobody refers to.
        const auto filler = static_cast<std::uint32_t>(at - gap - 4);
        kept_.keep(offset_of(section) + gap, bytes_of(filler));
      }
      keep(section.subspan(at, next - at));
      gap = next;
    }
    at = next;
  }
}

void Reduction::keep_search_table() {
  const AddressedBytes& hdr = file_.unwind_sections().eh_frame_hdr;
  constexpr std::uint64_t kCountAt = 8;
  constexpr std::uint64_t kTableAt = 12;
  constexpr std::uint32_t kUsualEncodings = 0x3b031b01;  // Version 1, sdata4, udata4, sdata4.
  if (value_at<std::uint32_t>(hdr.bytes, 0) != kUsualEncodings) {
    if (!hdr.bytes.empty()) keep(hdr.bytes);
    return;
  }
  std::set<std::uint64_t> starts;
  for (const Fde& fde : fdes_) starts.insert(fde.start.value());
  keep(hdr.bytes.first(kCountAt));
  std::uint32_t count = 0;
  const auto whole = value_at<std::uint32_t>(hdr.bytes, kCountAt);
  for (std::uint64_t i = 0; i < whole && kTableAt + i * 8 + 8 <= hdr.bytes.size(); ++i) {
    const auto start = hdr.address.value() +
                       static_cast<std::uint64_t>(
                           std::int64_t{value_at<std::int32_t>(hdr.bytes, kTableAt + i * 8)});
    if (!starts.contains(start)) continue;
    kept_.keep(offset_of(hdr.bytes) + kTableAt + std::uint64_t{8} * count,
               hdr.bytes.subspan(kTableAt + i * 8, 8));
    ++count;
  }
  kept_.keep(offset_of(hdr.bytes) + kCountAt, bytes_of(count));
}

void Reduction::keep_debug_frame() {
  for (const char* name : {".debug_frame", ".zdebug_frame"}) {
    if (const symbolizer::Section* section = file_.section(name)) keep(section->bytes);
  }
}

SparseFile Reduction::run(std::span<const ModuleAddress> visited) {
  keep_headers();
  const symbolizer::UnwindSections& sections = file_.unwind_sections();
  const symbolizer::FdeTable table(sections);
  for (const ModuleAddress address : visited) {
    keep_code(address);
    const std::optional<Fde> fde = table.find(address, kPadding);
    if (!fde) keep_function(address);
    if (!fde) continue;
    if (!fde->contains(address)) keep_code(fde->end());
    if (is_inside(fde->instructions, sections.eh_frame.bytes)) {
      fdes_.push_back(*fde);
    } else {
      uses_debug_frame_ = true;
    }
  }
  keep_eh_frame();
  keep_search_table();
  if (uses_debug_frame_) keep_debug_frame();
  return kept_;
}

}  // namespace

SparseFile reduced(const ElfFile& file, std::span<const ModuleAddress> visited) {
  return Reduction(file).run(visited);
}

}  // namespace profiler::test
