#include "symbolizer/dwarf/scopes.h"

#include <dwarf.h>

#include <algorithm>

namespace symbolizer {
namespace {

bool is_scope(std::uint16_t tag) {
  return tag == DW_TAG_namespace || tag == DW_TAG_module || tag == DW_TAG_class_type ||
         tag == DW_TAG_structure_type || tag == DW_TAG_union_type ||
         tag == DW_TAG_enumeration_type || tag == DW_TAG_interface_type || tag == DW_TAG_subprogram;
}

/// No scope of its own, but there may be some inside.
bool may_hold_scopes(std::uint16_t tag) {
  return tag == DW_TAG_compile_unit || tag == DW_TAG_partial_unit || tag == DW_TAG_lexical_block ||
         tag == DW_TAG_inlined_subroutine || tag == DW_TAG_try_block || tag == DW_TAG_catch_block;
}

}  // namespace

Scopes::Scopes(const Unit& unit) {
  // What the entries at the cursor are children of.
  std::vector<std::uint32_t> around;
  const auto inside = [&] { return around.empty() ? kNone : around.back(); };
  ByteCursor cursor = unit.cursor_at(unit.header().die_offset);
  while (!cursor.at_end()) {
    const std::uint64_t offset = cursor.position();
    const std::uint64_t code = cursor.uleb();
    if (code == 0) {
      if (around.empty()) break;
      // Several entries in a row may share a scope: only the scope itself ends here.
      const std::uint32_t scope = around.back();
      around.pop_back();
      if (scope != kNone && inside() != scope) scopes_[scope].end = cursor.position();
      if (around.empty()) break;
      continue;
    }
    const Abbreviation* kind = unit.abbreviations().find(code);
    if (kind == nullptr) break;
    const bool is_holder = is_scope(kind->tag);
    if (kind->has_children && !is_holder && !may_hold_scopes(kind->tag)) {
      if (const std::uint64_t next = unit.sibling(cursor, *kind)) {
        cursor.seek(next);
        continue;
      }
    }
    unit.skip_attributes(cursor, *kind);
    if (!kind->has_children) continue;
    std::uint32_t scope = inside();
    if (is_holder) {
      scope = static_cast<std::uint32_t>(scopes_.size());
      scopes_.push_back({.start = offset, .end = unit.header().end, .parent = inside()});
    }
    around.push_back(scope);
  }
  scopes_.shrink_to_fit();
}

std::optional<std::uint64_t> Scopes::around(std::uint64_t offset) const {
  auto after = std::ranges::lower_bound(scopes_, offset, {}, &Scope::start);
  if (after == scopes_.begin()) return std::nullopt;
  auto scope = static_cast<std::uint32_t>(after - scopes_.begin()) - 1;
  while (scope != kNone && scopes_[scope].end <= offset) scope = scopes_[scope].parent;
  if (scope == kNone) return std::nullopt;
  return scopes_[scope].start;
}

}  // namespace symbolizer
