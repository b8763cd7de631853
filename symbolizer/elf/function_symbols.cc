#include "symbolizer/elf/function_symbols.h"

#include <elf.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "symbolizer/elf/bytes.h"
#include "symbolizer/elf/dynamic_section.h"
#include "symbolizer/elf/range_map.h"

namespace symbolizer {
namespace {

constexpr unsigned kTableShift = 29;
constexpr std::uint32_t kUnsized = 1U << 28;
constexpr std::uint32_t kOffsetMask = kUnsized - 1;
constexpr std::size_t kMaxTables = 8;

/// Names of places, not of functions: AArch64 mapping symbols ("$x"), assembler-local labels, and
/// what linkers define at the edges of sections.
bool is_label(std::string_view name) {
  return name.empty() || name.front() == '$' || name.front() == '.' || name == "_etext" ||
         name == "etext" || name == "__etext" || name == "__executable_start";
}

std::size_t leading_underscores(std::string_view name) {
  // In a mangled name the underscore is syntax.
  if (name.starts_with("_Z") || name.starts_with("_R")) return 0;
  return std::min(name.find_first_not_of('_'), name.size());
}

/// What makes one alias better than another, as one number: the less the better. Read from the file
/// once: a comparison that reads would change its mind when the file is overwritten while sorting.
std::uint32_t rank_of(unsigned binding, unsigned type, std::string_view name) {
  const std::uint32_t kind = (type == STT_NOTYPE ? 2U : 0U) + (binding == STB_LOCAL ? 1U : 0U);
  const auto underscores =
      static_cast<std::uint32_t>(std::min<std::size_t>(leading_underscores(name), 255));
  const auto length = static_cast<std::uint32_t>(std::min<std::size_t>(name.size(), 0xffff));
  return kind << 24 | underscores << 16 | length;
}
constexpr std::uint32_t kHeaderRank = UINT32_MAX;

}  // namespace

std::vector<CodeRegion> code_regions(const ElfFile& file) {
  std::vector<CodeRegion> regions;
  constexpr std::uint64_t kCode = SHF_ALLOC | SHF_EXECINSTR;
  for (const Section& section : file.sections()) {
    if ((section.flags & kCode) != kCode || section.size == 0) continue;
    const std::uint64_t start = section.address.value();
    if (start + section.size < start) continue;
    regions.push_back(
        {.start = section.address, .end = section.address + section.size, .name = section.name});
  }
  if (regions.empty()) {
    for (const Segment& segment : file.segments()) {
      const std::uint64_t start = segment.address.value();
      if (!segment.executable || start + segment.memory_size < start) continue;
      regions.push_back(
          {.start = segment.address, .end = segment.address + segment.memory_size, .name = {}});
    }
  }
  std::ranges::stable_sort(regions, {}, &CodeRegion::start);
  // Only a damaged file has regions that overlap; look-ups count on their being disjoint.
  for (std::size_t i = 1; i < regions.size(); ++i) {
    regions[i - 1].end = std::min(regions[i - 1].end, regions[i].start);
  }
  std::erase_if(regions, [](const CodeRegion& region) { return region.start >= region.end; });
  return regions;
}

FunctionSymbols::FunctionSymbols(const ElfFile& module) : regions_(code_regions(module)) {}

const CodeRegion* FunctionSymbols::region_of(ModuleAddress address) const {
  auto after = std::ranges::upper_bound(regions_, address, {}, &CodeRegion::start);
  if (after == regions_.begin()) return nullptr;
  --after;
  return address < after->end ? &*after : nullptr;
}

void FunctionSymbols::add_symbols_of(std::shared_ptr<const ElfFile> file) {
  bool has_dynsym = false;
  for (const Section& section : file->sections()) {
    if (section.type != SHT_SYMTAB && section.type != SHT_DYNSYM) continue;
    if (section.link >= file->sections().size()) continue;
    if (section.type == SHT_DYNSYM && !section.bytes.empty()) has_dynsym = true;
    add_table(section.bytes, file->sections()[section.link].bytes);
  }
  if (!has_dynsym && file->sections().empty()) {
    const DynamicSection dynamic = read_dynamic_section(*file);
    add_table(dynamic.symbols, dynamic.strings);
  }
  files_.push_back(std::move(file));
}

void FunctionSymbols::add_table(std::span<const std::byte> symbols,
                                std::span<const std::byte> strings) {
  if (symbols.empty() || string_tables_.size() == kMaxTables) return;
  const auto table = static_cast<std::uint32_t>(string_tables_.size()) << kTableShift;
  string_tables_.push_back(strings);
  // Neighbours in the table tend to be neighbours in the code.
  const CodeRegion* region = nullptr;
  for (; symbols.size() >= sizeof(Elf64_Sym); symbols = symbols.subspan(sizeof(Elf64_Sym))) {
    Elf64_Sym symbol;
    std::memcpy(&symbol, symbols.data(), sizeof symbol);
    const unsigned type = ELF64_ST_TYPE(symbol.st_info);
    const bool function = type == STT_FUNC || type == STT_GNU_IFUNC;
    if (!function && type != STT_NOTYPE) continue;
    if (symbol.st_shndx == SHN_UNDEF || symbol.st_shndx == SHN_COMMON) continue;
    if (!function && symbol.st_shndx == SHN_ABS) continue;
    const ModuleAddress start(symbol.st_value);
    if (region == nullptr || start < region->start || start >= region->end) {
      region = region_of(start);
      if (region == nullptr) continue;
    }
    if (symbol.st_name == 0 || symbol.st_name > kOffsetMask) continue;
    const std::string_view name = string_at(strings, symbol.st_name);
    if (is_label(name)) continue;
    const std::uint64_t room = region->end - start;
    candidates_.push_back({.start = symbol.st_value,
                           .end = symbol.st_value + std::min<std::uint64_t>(symbol.st_size, room),
                           .name = table | symbol.st_name,
                           .rank = rank_of(ELF64_ST_BIND(symbol.st_info), type, name)});
  }
}

void FunctionSymbols::add_unsized(ModuleAddress start, std::string_view static_name) {
  if (region_of(start) == nullptr || string_tables_.size() == kMaxTables) return;
  const auto table = static_cast<std::uint32_t>(string_tables_.size()) << kTableShift;
  // The terminating NUL of the literal belongs to the table.
  string_tables_.push_back(std::as_bytes(std::span(static_name.data(), static_name.size() + 1)));
  candidates_.push_back(
      {.start = start.value(), .end = start.value(), .name = table, .rank = kHeaderRank});
}

std::string_view FunctionSymbols::name_of(std::uint32_t name) const {
  return string_at(string_tables_[name >> kTableShift], name & kOffsetMask);
}

void FunctionSymbols::build() {
  std::ranges::sort(candidates_, [](const Candidate& a, const Candidate& b) {
    if (a.start != b.start) return a.start < b.start;
    if (a.end != b.end) return a.end > b.end;
    return std::tie(a.rank, a.name) < std::tie(b.rank, b.name);
  });
  const auto aliases = std::ranges::unique(candidates_, [](const auto& a, const auto& b) {
    return a.start == b.start && a.end == b.end;
  });
  candidates_.erase(aliases.begin(), aliases.end());

  RangeMap<std::uint32_t> sized;
  for (const Candidate& c : candidates_) sized.add(c.start, c.end, c.name);
  sized.build();

  // Merges the symbols without a size into the gaps: each up to whatever comes next.
  ranges_.reserve(sized.pieces().size());
  const auto append = [this](std::uint64_t start, std::uint64_t end, std::uint32_t name) {
    const auto size = std::min<std::uint64_t>(end - start, UINT32_MAX);
    ranges_.push_back({.start = start, .size = static_cast<std::uint32_t>(size), .name = name});
  };
  const auto pieces = sized.pieces();
  std::size_t next_piece = 0;
  for (std::size_t i = 0; i < candidates_.size(); ++i) {
    const Candidate& c = candidates_[i];
    if (c.end != c.start) continue;
    for (; next_piece < pieces.size() && pieces[next_piece].start <= c.start; ++next_piece) {
      append(pieces[next_piece].start, pieces[next_piece].end, pieces[next_piece].value);
    }
    if (!ranges_.empty() && c.start - ranges_.back().start < ranges_.back().size &&
        (ranges_.back().name & kUnsized) == 0) {
      continue;  // A label inside a function.
    }
    std::uint64_t end = region_of(ModuleAddress(c.start))->end.value();
    if (next_piece < pieces.size()) end = std::min(end, pieces[next_piece].start);
    for (std::size_t next = i + 1; next < candidates_.size(); ++next) {
      if (candidates_[next].start == c.start) continue;
      end = std::min(end, candidates_[next].start);
      break;
    }
    append(c.start, end, c.name | kUnsized);
  }
  for (; next_piece < pieces.size(); ++next_piece) {
    append(pieces[next_piece].start, pieces[next_piece].end, pieces[next_piece].value);
  }
  ranges_.shrink_to_fit();
  candidates_ = {};
}

FunctionSymbol FunctionSymbols::at(std::size_t index) const {
  const Range& range = ranges_[index];
  return {.start = ModuleAddress(range.start),
          .end = ModuleAddress(range.start + range.size),
          .name = name_of(range.name & ~kUnsized),
          .sized = (range.name & kUnsized) == 0};
}

std::optional<FunctionSymbol> FunctionSymbols::find(ModuleAddress address) const {
  auto after = std::ranges::upper_bound(ranges_, address.value(), {}, &Range::start);
  if (after == ranges_.begin()) return std::nullopt;
  --after;
  if (address.value() - after->start >= after->size) return std::nullopt;
  return at(static_cast<std::size_t>(after - ranges_.begin()));
}

}  // namespace symbolizer
