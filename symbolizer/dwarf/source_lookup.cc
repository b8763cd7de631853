#include "symbolizer/dwarf/source_lookup.h"

#include <dwarf.h>

#include <utility>

#include "symbolizer/demangle.h"

namespace symbolizer {
namespace {

using profiler::SourceFrame;

std::string text(const char* value) { return value == nullptr ? std::string() : value; }

/// The name as linked, so that one function has one name wherever it is inlined.
std::string linked_name(Dwarf_Die* die) {
  Dwarf_Attribute attribute;
  for (const unsigned name : {DW_AT_linkage_name, DW_AT_MIPS_linkage_name}) {
    if (dwarf_attr_integrate(die, name, &attribute) != nullptr) {
      if (const char* value = dwarf_formstring(&attribute)) return value;
    }
  }
  return text(dwarf_diename(die));
}

std::uint32_t unsigned_attribute(Dwarf_Die* die, unsigned name) {
  Dwarf_Attribute attribute;
  Dwarf_Word value = 0;
  if (dwarf_attr(die, name, &attribute) == nullptr || dwarf_formudata(&attribute, &value) != 0 ||
      value > UINT32_MAX) {
    return 0;
  }
  return static_cast<std::uint32_t>(value);
}

std::string call_file_of(Dwarf_Die* die) {
  Dwarf_Die unit;
  Dwarf_Files* files = nullptr;
  std::size_t count = 0;
  const std::uint32_t file = unsigned_attribute(die, DW_AT_call_file);
  if (dwarf_diecu(die, &unit, nullptr, nullptr) == nullptr ||
      dwarf_getsrcfiles(&unit, &files, &count) != 0 || file >= count) {
    return {};
  }
  return text(dwarf_filesrc(files, file, nullptr, nullptr));
}

}  // namespace

SourceLookup::SourceLookup(std::unique_ptr<DebugInfo> info, std::vector<CodeRegion> code,
                           std::size_t max_decoded_rows)
    : info_(std::move(info)),
      code_(std::move(code)),
      index_(*info_, code_),
      max_decoded_rows_(max_decoded_rows) {}

SourceLookup::Unit* SourceLookup::unit_at(ModuleAddress address) {
  const auto offset = index_.find(address);
  if (!offset) return nullptr;
  if (const auto known = units_.find(*offset); known != units_.end()) return &known->second;
  if (decoded_rows_ > max_decoded_rows_) {
    decoded_rows_ = 0;
    info_->restart();
  }
  Dwarf_Die die;
  if (info_->dwarf() == nullptr || dwarf_offdie(info_->dwarf(), *offset, &die) == nullptr) {
    return nullptr;
  }
  Unit& unit = units_
                   .emplace(*offset, Unit{.lines = LineRows(&die, code_),
                                          .functions = FunctionTree(&die, code_)})
                   .first->second;
  decoded_rows_ += unit.lines.decoded_rows();
  return &unit;
}

const SourceLookup::Description& SourceLookup::describe(Dwarf_Off offset) {
  const auto [known, added] = descriptions_.try_emplace(offset);
  Description& description = known->second;
  Dwarf_Die die;
  if (!added || dwarf_offdie(info_->dwarf(), offset, &die) == nullptr) return description;
  description.system_name = linked_name(&die);
  description.function = demangle(description.system_name);
  description.declared_file = text(dwarf_decl_file(&die));
  int line = 0;
  if (dwarf_decl_line(&die, &line) == 0 && line > 0) {
    description.declared_line = static_cast<std::uint32_t>(line);
  }
  if (dwarf_tag(&die) == DW_TAG_inlined_subroutine) {
    description.call_file = call_file_of(&die);
    description.call_line = unsigned_attribute(&die, DW_AT_call_line);
  }
  return description;
}

std::vector<SourceFrame> SourceLookup::at(ModuleAddress address) {
  std::vector<SourceFrame> frames;
  Unit* unit = unit_at(address);
  if (unit == nullptr || info_->dwarf() == nullptr) return frames;
  const LineRows::Place place = unit->lines.find(address);
  SourceFrame next;
  next.file = place.file;
  next.line = place.line;
  for (const Dwarf_Off die : unit->functions.chain_at(info_->dwarf(), address)) {
    const Description& description = describe(die);
    next.function = description.function;
    next.system_name = description.system_name;
    next.declared_file = description.declared_file;
    next.declared_line = description.declared_line;
    frames.push_back(std::move(next));
    next = {};
    next.file = description.call_file;
    next.line = description.call_line;
  }
  if (frames.empty() && !next.file.empty()) frames.push_back(std::move(next));
  return frames;
}

}  // namespace symbolizer
