#include "symbolizer/kernel/kernel_symbols.h"

#include <cstddef>
#include <deque>
#include <iterator>
#include <map>
#include <string>
#include <utility>

#include "symbolizer/kernel/kallsyms_parser.h"
#include "symbolizer/kernel/symbol_table.h"

namespace symbolizer {

using profiler::Result;
using profiler::RuntimeAddress;

struct KernelSymbols::State {
  SymbolTable table;
  KernelAnchors anchors;
  std::uint64_t moved = 0;  ///< The table's addresses are this much lower.
  KernelImage image;
  std::deque<std::string> added_names;
  std::map<std::uint64_t, KernelSymbol> added;    ///< By start.
  std::map<std::uint64_t, KernelSymbol> modules;  ///< By start.
};

KernelSymbols::KernelSymbols() : state_(std::make_unique<State>()) {}
KernelSymbols::KernelSymbols(SymbolTable table, KernelAnchors anchors) : KernelSymbols() {
  state_->table = std::move(table);
  state_->anchors = anchors;
}
KernelSymbols::~KernelSymbols() = default;
KernelSymbols::KernelSymbols(KernelSymbols&&) noexcept = default;
KernelSymbols& KernelSymbols::operator=(KernelSymbols&&) noexcept = default;

Result<KernelSymbols> KernelSymbols::parse(std::string_view text) {
  KallsymsParser parser;
  parser.reserve(text.size());
  parser.add(text);
  return std::move(parser).finish();
}

void KernelSymbols::add(RuntimeAddress start, std::uint64_t size, std::string_view name,
                        std::string_view module) {
  const std::string& kept_name = state_->added_names.emplace_back(name);
  const std::string& kept_module = state_->added_names.emplace_back(module);
  state_->added[start.value()] = {
      .start = start, .size = size, .name = kept_name, .module = kept_module};
}

void KernelSymbols::add_module(RuntimeAddress start, std::uint64_t size, std::string_view name) {
  const std::string& kept = state_->added_names.emplace_back(name);
  state_->modules[start.value()] = {
      .start = start, .size = size, .name = kept, .module = kept, .whole_module = true};
}

void KernelSymbols::move(std::uint64_t distance) {
  state_->table.drop_modules();
  state_->moved += distance;
  for (std::uint64_t* anchor : {&state_->anchors.text, &state_->anchors.stext})
    if (*anchor != 0) *anchor += distance;
}

std::optional<KernelSymbol> KernelSymbols::find(RuntimeAddress address) const {
  const auto in =
      [&](const std::map<std::uint64_t, KernelSymbol>& map) -> std::optional<KernelSymbol> {
    const auto next = map.upper_bound(address.value());
    if (next == map.begin()) return std::nullopt;
    const KernelSymbol& symbol = std::prev(next)->second;
    if (address - symbol.start >= symbol.size) return std::nullopt;
    return symbol;
  };
  if (auto symbol = in(state_->added)) return symbol;
  if (const auto symbol = state_->table.find(address.value() - state_->moved)) {
    return KernelSymbol{.start = RuntimeAddress(symbol->start + state_->moved),
                        .size = symbol->size,
                        .name = symbol->name,
                        .module = symbol->module};
  }
  return in(state_->modules);
}

void KernelSymbols::set_image(KernelImage image) { state_->image = std::move(image); }

const KernelImage& KernelSymbols::image() const { return state_->image; }

KernelAnchors KernelSymbols::anchors() const { return state_->anchors; }

std::size_t KernelSymbols::size() const { return state_->table.size() + state_->added.size(); }

std::size_t KernelSymbols::memory() const { return state_->table.memory(); }

}  // namespace symbolizer
