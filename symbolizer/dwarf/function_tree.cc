#include "symbolizer/dwarf/function_tree.h"

#include <dwarf.h>

#include <algorithm>

#include "symbolizer/dwarf/code_ranges.h"
#include "symbolizer/dwarf/unit_index.h"

namespace symbolizer {
namespace {

constexpr std::size_t kMaxRangesPerUnit = std::size_t{1} << 20;

bool holds_functions(std::uint16_t tag) {
  return tag == DW_TAG_compile_unit || tag == DW_TAG_partial_unit || tag == DW_TAG_skeleton_unit ||
         tag == DW_TAG_namespace || tag == DW_TAG_module;
}

bool is_part_of_body(std::uint16_t tag) {
  return tag == DW_TAG_lexical_block || tag == DW_TAG_inlined_subroutine ||
         tag == DW_TAG_try_block || tag == DW_TAG_catch_block || tag == DW_TAG_with_stmt ||
         tag == DW_TAG_common_block;
}

std::uint32_t number_of(const AttributeValue& value) {
  return value.value > UINT32_MAX ? 0 : static_cast<std::uint32_t>(value.value);
}

}  // namespace

FunctionTree::FunctionTree(const Unit& unit, std::span<const CodeRegion> code)
    : unit_(unit), code_(code) {
  list_functions(false);
}

void FunctionTree::skip_children(ByteCursor& cursor) const {
  for (std::size_t depth = 1; depth > 0 && !cursor.at_end();) {
    const std::uint64_t code = cursor.uleb();
    if (code == 0) {
      --depth;
      continue;
    }
    const Abbreviation* kind = unit_.abbreviations().find(code);
    if (kind == nullptr) return cursor.fail();
    if (const std::uint64_t next = unit_.sibling(cursor, *kind)) {
      cursor.seek(next);
      continue;
    }
    unit_.skip_attributes(cursor, *kind);
    if (kind->has_children) ++depth;
  }
}

/// `everywhere`: also inside functions and types, as some languages have them. Without, whatever
/// says where its sibling is and holds no functions is jumped over.
void FunctionTree::list_functions(bool everywhere) {
  functions_ = {};
  std::size_t budget = kMaxRangesPerUnit;
  std::size_t depth = 0;
  ByteCursor cursor = unit_.cursor_at(unit_.header().die_offset);
  while (!cursor.at_end()) {
    const std::uint64_t offset = cursor.position();
    const std::uint64_t code = cursor.uleb();
    if (code == 0) {
      if (depth <= 1) break;
      --depth;
      continue;
    }
    const Abbreviation* kind = unit_.abbreviations().find(code);
    if (kind == nullptr) break;
    if (kind->tag == DW_TAG_subprogram && kind->has_code) {
      for_each_range(unit_, unit_.read_die(offset), budget,
                     [&](std::uint64_t start, std::uint64_t end) {
                       if (is_code(code_, start)) functions_.add(start, end, offset);
                     });
    }
    if (kind->has_children && !everywhere && !holds_functions(kind->tag)) {
      if (const std::uint64_t next = unit_.sibling(cursor, *kind)) {
        cursor.seek(next);
        continue;
      }
    }
    unit_.skip_attributes(cursor, *kind);
    if (kind->has_children) ++depth;
    if (depth == 0) break;
  }
  functions_.build();
}

FunctionTree::Body FunctionTree::read_body(std::uint64_t function) const {
  Body body;
  std::size_t budget = kMaxRangesPerUnit;
  ByteCursor cursor = unit_.cursor_at(function);
  const Abbreviation* kind = unit_.abbreviations().find(cursor.uleb());
  if (kind == nullptr || !kind->has_children) return body;
  unit_.skip_attributes(cursor, *kind);
  // The calls that the entries at the cursor are in. Outer ones are added to the ranges first: of
  // two with the same range, the inner one wins.
  std::vector<std::uint32_t> around = {Body::kNone};
  while (!cursor.at_end()) {
    const std::uint64_t offset = cursor.position();
    const std::uint64_t code = cursor.uleb();
    if (code == 0) {
      around.pop_back();
      if (around.empty()) break;
      continue;
    }
    kind = unit_.abbreviations().find(code);
    if (kind == nullptr) break;
    if (!is_part_of_body(kind->tag)) {
      if (const std::uint64_t next = unit_.sibling(cursor, *kind)) {
        cursor.seek(next);
      } else {
        unit_.skip_attributes(cursor, *kind);
        if (kind->has_children) skip_children(cursor);
      }
      continue;
    }
    std::uint32_t call = around.back();
    if (kind->tag == DW_TAG_inlined_subroutine) {
      const Die die = unit_.read_die(offset);
      if (die.kind == nullptr) break;
      call = static_cast<std::uint32_t>(body.calls.size());
      body.calls.push_back({.step = {.die = offset,
                                     .origin = die.origin,
                                     .call_file = number_of(die.call_file),
                                     .call_line = number_of(die.call_line)},
                            .parent = around.back()});
      for_each_range(unit_, die, budget, [&](std::uint64_t start, std::uint64_t end) {
        if (is_code(code_, start)) body.ranges.add(start, end, call);
      });
    }
    unit_.skip_attributes(cursor, *kind);
    if (kind->has_children) around.push_back(call);
  }
  body.ranges.build();
  body.calls.shrink_to_fit();
  return body;
}

std::vector<FunctionTree::Step> FunctionTree::chain_at(ModuleAddress address) {
  const auto* function = functions_.find(address.value());
  if (function == nullptr && !listed_everywhere_) {
    listed_everywhere_ = true;
    list_functions(true);
    function = functions_.find(address.value());
  }
  if (function == nullptr) return {};
  auto known = bodies_.find(function->value);
  if (known == bodies_.end()) {
    known = bodies_.emplace(function->value, read_body(function->value)).first;
  }
  std::vector<Step> chain;
  const Body& body = known->second;
  if (const auto* innermost = body.ranges.find(address.value())) {
    for (std::uint32_t call = innermost->value; call != Body::kNone;
         call = body.calls[call].parent) {
      chain.push_back(body.calls[call].step);
    }
  }
  chain.push_back({.die = function->value, .origin = {}});
  return chain;
}

}  // namespace symbolizer
