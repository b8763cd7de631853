#include "symbolizer/dwarf/debug_info.h"

#include <elf.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "symbolizer/dwarf/split_files.h"
#include "symbolizer/elf/bytes.h"

namespace symbolizer {

std::unique_ptr<DebugInfo> DebugInfo::open(std::shared_ptr<const ElfFile> file,
                                           const DebugFileSearch& search) {
  // In a relocatable file DWARF holds no addresses yet.
  if (!has_debug_information(*file) || file->type() == ET_REL) return nullptr;
  return std::make_unique<DebugInfo>(std::move(file), SectionFlavour::kPlain, search);
}

DebugInfo::DebugInfo(std::shared_ptr<const ElfFile> file, SectionFlavour flavour,
                     DebugFileSearch search)
    : store_(std::move(file), flavour), search_(std::move(search)) {}

DebugInfo::~DebugInfo() = default;

const std::vector<UnitHeader>& DebugInfo::units() {
  if (units_read_) return units_;
  units_read_ = true;
  const auto info = sections()[DebugSection::kInfo];
  std::uint64_t offset = 0;
  while (const auto header = read_unit_header(info, offset)) {
    if (header->is_readable) units_.push_back(*header);
    offset = header->end;
  }
  return units_;
}

std::shared_ptr<const Abbreviations> DebugInfo::abbreviations_of(const DebugSections& sections,
                                                                 const UnitHeader& header) {
  const auto section = sections[DebugSection::kAbbrev];
  // Of a package each unit has a part of its own.
  const bool is_whole = section.data() == this->sections()[DebugSection::kAbbrev].data();
  if (!is_whole) {
    return std::make_shared<Abbreviations>(section, header.abbrev_offset, header.format);
  }
  auto& [format, table] = abbreviations_[header.abbrev_offset];
  if (table == nullptr || format != header.format) {
    format = header.format;
    table = std::make_shared<Abbreviations>(section, header.abbrev_offset, header.format);
  }
  return table;
}

const Unit* DebugInfo::unit_at(std::uint64_t offset) {
  if (const auto known = open_units_.find(offset); known != open_units_.end()) {
    return known->second.get();
  }
  const auto header = read_unit_header(sections()[DebugSection::kInfo], offset);
  if (!header || !header->is_readable) return nullptr;
  auto unit = std::make_unique<Unit>(*this, *header, sections(),
                                     abbreviations_of(sections(), *header), nullptr);
  return open_units_.emplace(offset, std::move(unit)).first->second.get();
}

std::unique_ptr<Unit> DebugInfo::open_split_unit(const DebugSections& sections,
                                                 std::uint64_t offset, const Unit& skeleton) {
  const auto header = read_unit_header(sections[DebugSection::kInfo], offset);
  if (!header || !header->is_readable) return nullptr;
  return std::make_unique<Unit>(*this, *header, sections, abbreviations_of(sections, *header),
                                &skeleton);
}

std::optional<DieReference> DebugInfo::entry_at(std::uint64_t offset) {
  const auto& headers = units();
  const auto after = std::ranges::upper_bound(headers, offset, {}, &UnitHeader::offset);
  if (after == headers.begin()) return std::nullopt;
  const UnitHeader& header = *std::prev(after);
  if (offset >= header.end) return std::nullopt;
  const Unit* unit = unit_at(header.offset);
  if (unit == nullptr) return std::nullopt;
  return DieReference{.unit = unit, .offset = offset};
}

void DebugInfo::close_units() {
  if (split_files_ != nullptr) split_files_->close_units();
  if (alternate_ != nullptr) alternate_->close_units();
  open_units_.clear();
  abbreviations_.clear();
  // No more than a hint where the section was decompressed.
  file().release(sections()[DebugSection::kInfo]);
}

DebugInfo* DebugInfo::alternate() {
  if (alternate_searched_) return alternate_.get();
  alternate_searched_ = true;
  if (auto found = find_alternate_file(file(), search_)) {
    alternate_ = std::make_unique<DebugInfo>(std::move(found), SectionFlavour::kPlain, search_);
  }
  return alternate_.get();
}

std::optional<DieReference> DebugInfo::alternate_entry_at(std::uint64_t offset) {
  DebugInfo* other = alternate();
  return other == nullptr ? std::nullopt : other->entry_at(offset);
}

std::string_view DebugInfo::alternate_string(std::uint64_t offset) {
  DebugInfo* other = alternate();
  return other == nullptr ? std::string_view()
                          : string_at(other->sections()[DebugSection::kStr], offset);
}

const Unit* DebugInfo::split_unit_of(const Unit& skeleton) {
  if (skeleton.split_name().empty()) return nullptr;
  if (split_files_ == nullptr) split_files_ = std::make_unique<SplitFiles>(file(), search_);
  return split_files_->unit_of(skeleton);
}

}  // namespace symbolizer
