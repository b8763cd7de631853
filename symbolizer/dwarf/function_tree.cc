#include "symbolizer/dwarf/function_tree.h"

#include <dwarf.h>

#include <cstddef>
#include <utility>

#include "symbolizer/dwarf/unit_index.h"

namespace symbolizer {
namespace {

constexpr std::size_t kMaxRangesPerUnit = std::size_t{1} << 20;

/// Calls `use(start, end)` for the code ranges of a DIE.
template <class Use>
void for_each_range(Dwarf_Die* die, std::size_t& budget, Use use) {
  Dwarf_Addr base = 0;
  Dwarf_Addr start = 0;
  Dwarf_Addr end = 0;
  for (std::ptrdiff_t at = 0; budget > 0 && (at = dwarf_ranges(die, at, &base, &start, &end)) > 0;
       --budget) {
    use(start, end);
  }
}

bool holds_functions(int tag) { return tag == DW_TAG_namespace || tag == DW_TAG_module; }

bool may_hold_functions(int tag) {
  return tag == DW_TAG_subprogram || tag == DW_TAG_class_type || tag == DW_TAG_structure_type ||
         tag == DW_TAG_union_type || tag == DW_TAG_lexical_block;
}

bool is_part_of_body(int tag) {
  return tag == DW_TAG_lexical_block || tag == DW_TAG_inlined_subroutine ||
         tag == DW_TAG_try_block || tag == DW_TAG_catch_block || tag == DW_TAG_with_stmt ||
         tag == DW_TAG_common_block;
}

/// The length of the unit that a DIE belongs to, with its header.
std::uint64_t unit_size(Dwarf_Die* die) {
  const Dwarf_Off start = dwarf_dieoffset(die) - dwarf_cuoffset(die);
  Dwarf_Off next = 0;
  std::size_t header_size = 0;
  if (dwarf_next_unit(dwarf_cu_getdwarf(die->cu), start, &next, &header_size, nullptr, nullptr,
                      nullptr, nullptr, nullptr, nullptr) != 0) {
    return 0;
  }
  return next - start;
}

}  // namespace

FunctionTree::FunctionTree(Dwarf_Die* unit_die, std::span<const CodeRegion> code)
    : code_(code), unit_(dwarf_dieoffset(unit_die)), die_limit_(unit_size(unit_die)) {
  list_functions(unit_die, false);
}

void FunctionTree::list_functions(Dwarf_Die* unit_die, bool everywhere) {
  functions_ = {};
  std::size_t budget = kMaxRangesPerUnit;
  std::uint64_t dies_left = die_limit_;
  std::vector<Dwarf_Die> parents = {*unit_die};
  while (!parents.empty()) {
    Dwarf_Die parent = parents.back();
    parents.pop_back();
    Dwarf_Die die;
    if (dwarf_child(&parent, &die) != 0) continue;
    do {
      if (dies_left-- == 0) {
        parents.clear();
        break;
      }
      const int tag = dwarf_tag(&die);
      if (tag == DW_TAG_subprogram) {
        const Dwarf_Off offset = dwarf_dieoffset(&die);
        for_each_range(&die, budget, [&](Dwarf_Addr start, Dwarf_Addr end) {
          if (is_code(code_, start)) functions_.add(start, end, offset);
        });
      }
      if (holds_functions(tag) || (everywhere && may_hold_functions(tag))) parents.push_back(die);
    } while (dwarf_siblingof(&die, &die) == 0);
  }
  functions_.build();
}

FunctionTree::Body FunctionTree::read_body(Dwarf_Die* function) const {
  Body body;
  std::size_t budget = kMaxRangesPerUnit;
  std::uint64_t dies_left = die_limit_;
  struct Parent {
    Dwarf_Die die;
    std::uint32_t call;
  };
  // Parents first: of two inlined calls with the same range, the inner one is added last and wins.
  std::vector<Parent> parents = {{*function, Body::kNone}};
  while (!parents.empty()) {
    Parent parent = parents.back();
    parents.pop_back();
    Dwarf_Die die;
    if (dwarf_child(&parent.die, &die) != 0) continue;
    do {
      if (dies_left-- == 0) {
        parents.clear();
        break;
      }
      const int tag = dwarf_tag(&die);
      if (!is_part_of_body(tag)) continue;
      std::uint32_t call = parent.call;
      if (tag == DW_TAG_inlined_subroutine) {
        call = static_cast<std::uint32_t>(body.calls.size());
        body.calls.push_back({.die = dwarf_dieoffset(&die), .parent = parent.call});
        for_each_range(&die, budget, [&](Dwarf_Addr start, Dwarf_Addr end) {
          if (is_code(code_, start)) body.ranges.add(start, end, call);
        });
      }
      parents.push_back({die, call});
    } while (dwarf_siblingof(&die, &die) == 0);
  }
  body.ranges.build();
  return body;
}

std::vector<Dwarf_Off> FunctionTree::chain_at(Dwarf* dwarf, ModuleAddress address) {
  const auto* function = functions_.find(address.value());
  Dwarf_Die die;
  if (function == nullptr) {
    // Functions inside functions or types, as some languages have them.
    if (listed_everywhere_) return {};
    listed_everywhere_ = true;
    if (dwarf_offdie(dwarf, unit_, &die) == nullptr) return {};
    list_functions(&die, true);
    function = functions_.find(address.value());
    if (function == nullptr) return {};
  }
  auto known = bodies_.find(function->value);
  if (known == bodies_.end()) {
    if (dwarf_offdie(dwarf, function->value, &die) == nullptr) return {};
    known = bodies_.emplace(function->value, read_body(&die)).first;
  }
  std::vector<Dwarf_Off> chain;
  const Body& body = known->second;
  if (const auto* innermost = body.ranges.find(address.value())) {
    for (std::uint32_t call = innermost->value; call != Body::kNone;
         call = body.calls[call].parent) {
      chain.push_back(body.calls[call].die);
    }
  }
  chain.push_back(function->value);
  return chain;
}

}  // namespace symbolizer
