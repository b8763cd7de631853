#include "symbolizer/dwarf/split_files.h"

#include <dwarf.h>

#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "symbolizer/elf/bytes.h"

namespace symbolizer {
namespace {

/// What the index of a package calls sections (DWARF 5, table 7.1; before that GNU's numbers).
std::optional<DebugSection> section_of_column(std::uint32_t id, std::uint32_t version) {
  switch (id) {
    case 1:
      return DebugSection::kInfo;
    case 3:
      return DebugSection::kAbbrev;
    case 4:
      return DebugSection::kLine;
    case 6:
      return DebugSection::kStrOffsets;
    case 8:
      return version >= 5 ? std::optional(DebugSection::kRnglists) : std::nullopt;
    default:
      return std::nullopt;
  }
}

/// .debug_cu_index (DWARF 5, 7.3.5.3): which part of each section belongs to the unit with an id.
class PackageIndex {
 public:
  explicit PackageIndex(std::span<const std::byte> section) : section_(section) {
    ByteCursor cursor(section);
    version_ = cursor.u16();
    cursor.skip(2);
    columns_ = cursor.u32();
    units_ = cursor.u32();
    slots_ = cursor.u32();
    const std::uint64_t size = kHeader + std::uint64_t{slots_} * 12 +
                               std::uint64_t{columns_} * 4 * (1 + std::uint64_t{units_} * 2);
    const bool is_power = slots_ != 0 && (slots_ & (slots_ - 1)) == 0;
    is_valid_ = cursor.ok() && (version_ == 2 || version_ == 5) && is_power &&
                columns_ <= kMaxColumns && size <= section.size();
  }

  /// `whole`, each section cut to the unit's part. None: the package has no such unit.
  [[nodiscard]] std::optional<DebugSections> parts_of(std::uint64_t id,
                                                      const DebugSections& whole) const {
    if (!is_valid_) return std::nullopt;
    const std::uint64_t mask = slots_ - 1;
    const std::uint64_t step = ((id >> 32) & mask) | 1;
    std::uint64_t slot = id & mask;
    for (std::uint32_t tried = 0; tried < slots_; ++tried, slot = (slot + step) & mask) {
      const std::uint32_t row = u32(kHeader + std::uint64_t{slots_} * 8 + slot * 4);
      if (row == 0 || row > units_) return std::nullopt;
      std::uint64_t signature = 0;
      if (!read_at(section_, kHeader + slot * 8, signature)) return std::nullopt;
      if (signature == id) return cut(row - 1, whole);
    }
    return std::nullopt;
  }

 private:
  static constexpr std::uint64_t kHeader = 16;
  static constexpr std::uint32_t kMaxColumns = 16;

  [[nodiscard]] std::uint32_t u32(std::uint64_t offset) const {
    std::uint32_t value = 0;
    return read_at(section_, offset, value) ? value : 0;
  }

  [[nodiscard]] DebugSections cut(std::uint32_t row, const DebugSections& whole) const {
    DebugSections parts = whole;
    const std::uint64_t ids = kHeader + std::uint64_t{slots_} * 12;
    const std::uint64_t offsets = ids + std::uint64_t{columns_} * 4;
    const std::uint64_t sizes = offsets + std::uint64_t{columns_} * 4 * units_;
    for (std::uint32_t column = 0; column < columns_; ++column) {
      const auto section = section_of_column(u32(ids + std::uint64_t{column} * 4), version_);
      if (!section) continue;
      const std::uint64_t cell = (std::uint64_t{row} * columns_ + column) * 4;
      parts[*section] = clip(whole[*section], u32(offsets + cell), u32(sizes + cell));
    }
    return parts;
  }

  std::span<const std::byte> section_;
  std::uint32_t version_ = 0;
  std::uint32_t columns_ = 0;
  std::uint32_t units_ = 0;
  std::uint32_t slots_ = 0;
  bool is_valid_ = false;
};

std::unique_ptr<DebugInfo> open_split(const std::string& path, const DebugFileSearch& search) {
  auto file = ElfFile::open(path);
  if (!file) return nullptr;
  auto info = std::make_unique<DebugInfo>(*file, SectionFlavour::kSplit, search);
  return info->sections()[DebugSection::kInfo].empty() ? nullptr : std::move(info);
}

}  // namespace

SplitFiles::SplitFiles(const ElfFile& module, DebugFileSearch search)
    : module_path_(module.path()), search_(std::move(search)) {}
SplitFiles::~SplitFiles() = default;

const Unit* SplitFiles::unit_of(const Unit& skeleton) {
  const auto [known, is_new] = units_.try_emplace(&skeleton);
  if (is_new) known->second = find(skeleton);
  return known->second.get();
}

void SplitFiles::close_units() {
  units_.clear();
  files_.clear();
  if (package_ != nullptr) package_->close_units();
}

std::unique_ptr<Unit> SplitFiles::find(const Unit& skeleton) {
  if (auto unit = find_in_package(skeleton)) return unit;
  const std::string name(skeleton.split_name());
  const std::string base = name.substr(name.rfind('/') + 1);
  std::vector<std::string> candidates;
  if (name.starts_with('/')) {
    candidates.push_back(name);
  } else {
    candidates.push_back(std::string(skeleton.compilation_folder()) + "/" + name);
    candidates.push_back(folder_of(module_path_) + "/" + name);
  }
  candidates.push_back(folder_of(module_path_) + "/" + base);
  for (const std::string& folder : search_.directories) {
    candidates.push_back(folder);
    candidates.back().append("/").append(base);
  }
  for (const std::string& path : candidates) {
    if (auto unit = find_in_file(path, skeleton)) return unit;
  }
  return nullptr;
}

std::unique_ptr<Unit> SplitFiles::find_in_package(const Unit& skeleton) {
  if (!package_searched_) {
    package_searched_ = true;
    package_ = open_split(module_path_ + ".dwp", search_);
  }
  if (package_ == nullptr) return nullptr;
  const DebugSections& whole = package_->sections();
  const auto parts =
      PackageIndex(whole[DebugSection::kCuIndex]).parts_of(skeleton.split_id(), whole);
  return parts ? package_->open_split_unit(*parts, 0, skeleton) : nullptr;
}

std::unique_ptr<Unit> SplitFiles::find_in_file(const std::string& path, const Unit& skeleton) {
  auto info = open_split(path, search_);
  if (info == nullptr) return nullptr;
  for (const UnitHeader& header : info->units()) {
    if (header.type != DW_UT_split_compile && header.type != DW_UT_compile) continue;
    auto unit = info->open_split_unit(info->sections(), header.offset, skeleton);
    if (unit == nullptr || unit->split_id() != skeleton.split_id()) continue;
    files_.push_back(std::move(info));
    return unit;
  }
  return nullptr;
}

}  // namespace symbolizer
