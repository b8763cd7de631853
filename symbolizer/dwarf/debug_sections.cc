#include "symbolizer/dwarf/debug_sections.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "symbolizer/elf/compressed_section.h"

namespace symbolizer {
namespace {

/// A claim of more is taken for damage.
constexpr std::uint64_t kMaxSectionSize = std::uint64_t{4} << 30;

constexpr std::array<std::string_view, kDebugSectionCount> kNames = {
    "info", "abbrev", "line",     "line_str", "str",     "str_offsets",
    "addr", "ranges", "rnglists", "aranges",  "cu_index"};

/// Which of them a section is. The index of a package has no suffix: the rest of it has.
std::optional<DebugSection> section_of(std::string_view name, SectionFlavour flavour) {
  if (name.starts_with(".debug_")) {
    name.remove_prefix(7);
  } else if (name.starts_with(".zdebug_")) {
    name.remove_prefix(8);
  } else {
    return std::nullopt;
  }
  constexpr std::string_view kSplitSuffix = ".dwo";
  const bool is_split = name.ends_with(kSplitSuffix);
  if (is_split) name.remove_suffix(kSplitSuffix.size());
  const auto* const known = std::ranges::find(kNames, name);
  if (known == kNames.end()) return std::nullopt;
  const auto section = static_cast<DebugSection>(known - kNames.begin());
  const bool wanted =
      section == DebugSection::kCuIndex || is_split == (flavour == SectionFlavour::kSplit);
  return wanted ? std::optional(section) : std::nullopt;
}

}  // namespace

DebugSectionStore::DebugSectionStore(std::shared_ptr<const ElfFile> file, SectionFlavour flavour)
    : file_(std::move(file)) {
  for (const Section& section : file_->sections()) {
    const auto which = section_of(section.name, flavour);
    if (!which || !sections_[*which].empty() || section.bytes.empty()) continue;
    if (!is_compressed(section)) {
      sections_[*which] = section.bytes;
    } else if (auto bytes = decompress(section, kMaxSectionSize)) {
      sections_[*which] = decompressed_.emplace_back(*std::move(bytes));
      file_->release(section.bytes);
    }
  }
}

}  // namespace symbolizer
