#include "symbolizer/dwarf/source_lookup.h"

#include <dwarf.h>

#include <utility>

#include "symbolizer/demangle.h"

namespace symbolizer {
namespace {

using profiler::SourceFrame;

/// From a call to the function, to its declaration, to the class's: three are common. Damaged files
/// refer in circles.
constexpr int kMaxReferences = 16;

/// An inlined function whose entry is in a file that is not at hand.
constexpr std::string_view kNameless = "<inlined>";

/// Lambdas inside lambdas; damaged files have no end to it.
constexpr int kMaxNested = 8;

/// Namespaces and types around a function, and how long a name with them may be: people write a
/// dozen.
constexpr int kMaxScopes = 64;
constexpr std::size_t kMaxQualified = 4096;

/// True for languages whose functions are in namespaces and types.
bool has_scopes(std::uint64_t language) {
  switch (language) {
    case 0:
    case DW_LANG_C:
    case DW_LANG_C89:
    case DW_LANG_C99:
    case DW_LANG_C11:
    case DW_LANG_Mips_Assembler:
    case DW_LANG_Fortran77:
    case DW_LANG_Fortran90:
      return false;
    default:
      return true;
  }
}

std::uint32_t line_number(const AttributeValue& value) {
  return value.value > UINT32_MAX ? 0 : static_cast<std::uint32_t>(value.value);
}

}  // namespace

SourceLookup::SourceLookup(std::unique_ptr<DebugInfo> info, std::vector<CodeRegion> code,
                           Limits limits)
    : info_(std::move(info)), code_(std::move(code)), index_(*info_, code_), limits_(limits) {}

void SourceLookup::forget_units() {
  units_.clear();
  descriptions_.clear();
  files_.clear();
  scopes_.clear();
  qualified_.clear();
  demangled_.clear();
  info_->close_units();
  open_bytes_ = 0;
}

SourceLookup::OpenUnit* SourceLookup::unit_at(ModuleAddress address) {
  const auto header = index_.find(address);
  if (!header) return nullptr;
  if (const auto known = units_.find(*header); known != units_.end()) return known->second.get();
  if (open_bytes_ > limits_.bytes && units_.size() >= limits_.units) forget_units();
  auto& open = units_[*header];
  if (const Unit* unit = info_->unit_at(*header)) {
    const Unit* split = info_->split_unit_of(*unit);
    if (split == nullptr) split = unit;
    open_bytes_ += split->header().end - split->header().offset;
    open = std::make_unique<OpenUnit>(*unit, *split, code_, rows_);
  }
  return open.get();
}

LineTable& SourceLookup::files_of(const Unit& unit) {
  return files_.try_emplace(&unit, unit).first->second;
}

std::string_view SourceLookup::demangled(std::string_view linked_name) {
  if (!is_mangled(linked_name)) return linked_name;
  const auto [known, is_new] = demangled_.try_emplace(linked_name);
  if (is_new) known->second = demangle(linked_name);
  return known->second;
}

std::string_view SourceLookup::qualified(const DieReference& entry, std::string_view name) {
  const Unit& unit = *entry.unit;
  if (!has_scopes(unit.language()) || name.empty() || qualifying_ >= kMaxNested) return name;
  ++qualifying_;
  const Scopes& scopes = scopes_.try_emplace(entry.unit, unit).first->second;
  std::string text(name);
  int left = kMaxScopes;
  for (auto at = scopes.around(entry.offset); at && left > 0 && text.size() < kMaxQualified;
       at = scopes.around(*at), --left) {
    const Die scope = unit.read_die(*at);
    if (scope.kind == nullptr) break;
    std::string_view part = unit.text(scope.name);
    const bool is_function = scope.kind->tag == DW_TAG_subprogram;
    if (is_function) part = describe({.unit = &unit, .offset = *at}).name;
    if (part.empty() && scope.kind->tag == DW_TAG_namespace) part = "(anonymous namespace)";
    if (part.empty() && !is_function && text.starts_with("operator()")) part = "{lambda}";
    if (!part.empty()) text.insert(0, std::string(part) + "::");
    if (is_function) break;  // Its own name says what it is in.
  }
  --qualifying_;
  return qualified_.emplace_back(std::move(text));
}

const SourceLookup::Description& SourceLookup::describe(const DieReference& function) {
  const auto [known, is_new] = descriptions_[function.unit].try_emplace(function.offset);
  Description& result = known->second;
  if (!is_new) return result;
  std::string_view name;
  DieReference named = function;
  std::optional<DieReference> at = function;
  for (int followed = 0; at && followed < kMaxReferences; ++followed) {
    const Unit& unit = *at->unit;
    const Die die = unit.read_die(at->offset);
    if (die.kind == nullptr) break;
    if (result.linked_name.empty()) result.linked_name = unit.text(die.linkage_name);
    if (name.empty()) {
      name = unit.text(die.name);
      named = *at;
    } else if (!die.origin && !die.specification) {
      named = *at;  // The definition may be outside of what it is declared in.
    }
    if (result.declared_line == 0 && die.decl_line) {
      result.declared_line = line_number(die.decl_line);
    }
    if (result.declared_file.empty() && die.decl_file) {
      result.declared_file = files_of(unit).file(die.decl_file.value);
    }
    at = unit.reference(die.origin ? die.origin : die.specification);
  }
  if (!result.linked_name.empty()) {
    result.name = demangled(result.linked_name);
  } else {
    result.linked_name = name;
    result.name = qualified(named, name);
  }
  return result;
}

std::vector<SourceFrame> SourceLookup::at(ModuleAddress address) {
  std::vector<SourceFrame> frames;
  OpenUnit* unit = unit_at(address);
  if (unit == nullptr) return frames;
  SourceFrame next;
  if (const auto place = unit->lines.find(address)) {
    next.file = unit->files.file(place->file);
    next.line = place->line;
  }
  for (const FunctionTree::Step& step : unit->functions.chain_at(address)) {
    const auto function = step.origin ? unit->entries.reference(step.origin)
                                      : DieReference{.unit = &unit->entries, .offset = step.die};
    if (function) {
      const Description& description = describe(*function);
      next.system_name = description.linked_name;
      next.function = description.name;
      next.declared_file = description.declared_file;
      next.declared_line = description.declared_line;
    }
    if (step.origin && next.function.empty()) next.function = kNameless;
    frames.push_back(std::move(next));
    next = {};
    if (step.origin) {
      next.file = files_of(unit->entries).file(step.call_file);
      next.line = step.call_line;
    }
  }
  if (frames.empty() && !next.file.empty()) frames.push_back(std::move(next));
  return frames;
}

}  // namespace symbolizer
