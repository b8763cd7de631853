#include "symbolizer/dwarf/debug_info.h"

#include <elf.h>
#include <libelf.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "symbolizer/elf/compressed_section.h"

namespace symbolizer {
namespace {

constexpr std::uint64_t kMaxSectionSize = std::uint64_t{2} << 30;
constexpr std::size_t kMaxSections = 32;

/// The sections that lines, functions and inlined calls need. The others (where variables live,
/// macros, name indexes) are a third of the bytes.
bool is_debug_section(const Section& section) {
  std::string_view name = section.name;
  if (name == ".gnu_debugaltlink") return true;
  if (name.starts_with(".zdebug_")) {
    name.remove_prefix(8);
  } else if (name.starts_with(".debug_")) {
    name.remove_prefix(7);
  } else {
    return false;
  }
  constexpr std::array<std::string_view, 11> kNeeded = {
      "info",        "types", "abbrev", "line",     "line_str", "str",
      "str_offsets", "addr",  "ranges", "rnglists", "aranges"};
  return std::ranges::find(kNeeded, name) != kNeeded.end();
}

bool has_compressed_sections(const ElfFile& file) {
  return std::ranges::any_of(file.sections(), [](const Section& section) {
    return is_debug_section(section) && is_compressed(section);
  });
}

template <class T>
void put(std::vector<std::byte>& image, std::size_t offset, const T& value) {
  std::memcpy(image.data() + offset, &value, sizeof value);
}

/// The debug sections of `file`, decompressed, as an ELF file of their own. libelf would decompress
/// too, but by editing the headers in the (read-only, shared) bytes, and it knows no zstd.
std::uint64_t size_of_contents(const Section& section) {
  if (!is_compressed(section)) return section.bytes.size();
  return decompressed_size(section, kMaxSectionSize).value_or(0);
}

std::vector<std::byte> decompressed_image(const ElfFile& file) {
  std::vector<const Section*> sections;
  std::uint64_t total = sizeof(Elf64_Ehdr) + std::size_t{4096};
  for (const Section& section : file.sections()) {
    if (!is_debug_section(section) || sections.size() == kMaxSections) continue;
    sections.push_back(&section);
    total += size_of_contents(section) + 8;
  }

  std::vector<std::byte> image;
  image.reserve(total);
  image.resize(sizeof(Elf64_Ehdr));
  std::vector<Elf64_Shdr> headers(1);
  std::string names(1, '\0');
  // Makes room for a section and enters it into the tables.
  const auto append = [&](std::uint64_t size, const std::string& name, std::uint32_t type) {
    image.resize((image.size() + 7) & ~std::size_t{7});
    Elf64_Shdr header = {};
    header.sh_name = static_cast<Elf64_Word>(names.size());
    header.sh_type = type;
    header.sh_offset = image.size();
    header.sh_size = size;
    header.sh_addralign = 1;
    headers.push_back(header);
    names += name + '\0';
    image.resize(image.size() + size);
    return std::span(image).last(size);
  };
  for (const Section* section : sections) {
    std::string name(section->name);
    if (name.starts_with(".z")) name.erase(1, 1);
    const auto room = append(size_of_contents(*section), name, SHT_PROGBITS);
    if (!is_compressed(*section)) {
      // Bounded by both: the name that says "compressed" is in a file that may change.
      std::ranges::copy(section->bytes.first(std::min(section->bytes.size(), room.size())),
                        room.begin());
    } else if (!decompress_into(*section, room)) {
      headers.back().sh_size = 0;
    }
  }
  const std::string own_name = ".shstrtab";
  const std::string all_names = names + own_name + '\0';
  std::ranges::copy(std::as_bytes(std::span(all_names)),
                    append(all_names.size(), own_name, SHT_STRTAB).begin());

  Elf64_Ehdr header = {};
  std::memcpy(&header, file.bytes().data(), sizeof header);
  image.resize((image.size() + 7) & ~std::size_t{7});
  header.e_phoff = 0;
  header.e_phnum = 0;
  header.e_shoff = image.size();
  header.e_shentsize = sizeof(Elf64_Shdr);
  header.e_shnum = static_cast<Elf64_Half>(headers.size());
  header.e_shstrndx = static_cast<Elf64_Half>(headers.size() - 1);
  put(image, 0, header);
  const auto table = std::as_bytes(std::span(headers));
  image.insert(image.end(), table.begin(), table.end());
  return image;
}

}  // namespace

bool has_debug_info(const ElfFile& file) {
  return std::ranges::any_of(file.sections(), [](const Section& section) {
    return (section.name == ".debug_info" || section.name == ".zdebug_info") &&
           !section.bytes.empty();
  });
}

std::unique_ptr<DebugInfo> DebugInfo::open(std::shared_ptr<const ElfFile> file) {
  // In a relocatable file (a .o, a kernel module) DWARF holds no addresses yet.
  if (!has_debug_info(*file) || file->type() == ET_REL) return nullptr;
  std::unique_ptr<DebugInfo> info(new DebugInfo);
  if (has_compressed_sections(*file)) info->image_ = decompressed_image(*file);
  info->file_ = std::move(file);
  if (!info->restart()) return nullptr;
  return info;
}

DebugInfo::~DebugInfo() { close(); }

void DebugInfo::close() {
  if (dwarf_ != nullptr) dwarf_end(dwarf_);
  if (elf_ != nullptr) elf_end(elf_);
  dwarf_ = nullptr;
  elf_ = nullptr;
}

bool DebugInfo::restart() {
  close();
  elf_version(EV_CURRENT);
  const auto bytes = image_.empty() ? file_->bytes() : std::span<const std::byte>(image_);
  // libelf does not write to the image: nothing in it is compressed.
  auto* start = const_cast<char*>(reinterpret_cast<const char*>(bytes.data()));  // NOLINT
  elf_ = elf_memory(start, bytes.size());
  if (elf_ == nullptr) return false;
  dwarf_ = dwarf_begin_elf(elf_, DWARF_C_READ, nullptr);
  return dwarf_ != nullptr;
}

}  // namespace symbolizer
