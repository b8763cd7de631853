#include "symbolizer/kernel/kernel_symbols.h"

#include <algorithm>
#include <cstddef>
#include <deque>
#include <iterator>
#include <map>
#include <optional>
#include <utility>

namespace symbolizer {
namespace {

using profiler::Error;
using profiler::Result;
using profiler::RuntimeAddress;

/// The last symbol of the kernel or of a module has no next one to end at.
constexpr std::uint64_t kLastSymbolSize = 4096;
/// What reaches further to the next symbol spans data (from .text to .init.text), and ends there.
/// Below that, data among code (tables of assembler) ends nothing.
constexpr std::uint64_t kLongestFunction = std::uint64_t{256} << 10;

/// One line of proc(5) kallsyms: "ffffffff81000000 T _stext" and, for modules, "\t[nf_tables]".
struct Line {
  std::uint64_t address = 0;
  char type = 0;
  std::string_view name;
  std::string_view module;
};

/// 0 to 15, or 16 for what is no hexadecimal digit.
constexpr unsigned digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
  return 16;
}

std::optional<Line> parse_line(std::string_view text) {
  Line line;
  std::size_t at = 0;
  for (; at < text.size() && digit(text[at]) < 16; ++at)
    line.address = line.address << 4 | digit(text[at]);
  if (at == 0 || at > 16 || at + 3 >= text.size() || text[at] != ' ' || text[at + 2] != ' ')
    return std::nullopt;
  line.type = text[at + 1];
  text.remove_prefix(at + 3);
  const std::size_t tab = text.find('\t');
  line.name = text.substr(0, tab);
  if (line.name.empty()) return std::nullopt;
  if (tab != std::string_view::npos) {
    line.module = text.substr(tab + 1);
    if (line.module.starts_with('[')) line.module.remove_prefix(1);
    if (line.module.ends_with(']')) line.module.remove_suffix(1);
  }
  return line;
}

bool is_text(char type) {
  return type == 't' || type == 'T' || type == 'w' || type == 'W' || type == 'i' || type == 'I';
}

/// Lower is what a person would call it.
int rank(char type, std::string_view name) {
  int penalty = 0;
  if (type == 't') penalty += 1;
  if (type == 'w' || type == 'W') penalty += 2;
  if (name.starts_with("__")) penalty += 4;
  if (name.starts_with('.')) penalty += 8;
  return penalty;
}

}  // namespace

struct KernelSymbols::State {
  std::string text;                   ///< What the names of `symbols` point into.
  std::vector<KernelSymbol> symbols;  ///< By start; no two start at the same address.
  std::deque<std::string> added_names;
  std::map<std::uint64_t, KernelSymbol> added;    ///< By start.
  std::map<std::uint64_t, KernelSymbol> modules;  ///< By start.
};

KernelSymbols::KernelSymbols() : state_(std::make_unique<State>()) {}
KernelSymbols::~KernelSymbols() = default;
KernelSymbols::KernelSymbols(KernelSymbols&&) noexcept = default;
KernelSymbols& KernelSymbols::operator=(KernelSymbols&&) noexcept = default;

Result<KernelSymbols> KernelSymbols::parse(std::string text) {
  KernelSymbols result;
  result.state_->text = std::move(text);

  struct Candidate {
    KernelSymbol symbol;
    int rank;
  };
  std::vector<Candidate> candidates;
  candidates.reserve(result.state_->text.size() / 48);
  std::vector<std::uint64_t> boundaries;
  bool any_address = false;
  bool any_line = false;
  std::string_view rest = result.state_->text;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    const auto line = parse_line(rest.substr(0, end));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (!line) continue;
    any_line = true;
    if (line->address != 0) any_address = true;
    if (line->address == 0) continue;  // Per-CPU offsets, not code.
    if (!is_text(line->type) || line->name.starts_with("__pfx_")) {
      if (!is_text(line->type)) boundaries.push_back(line->address);
      continue;
    }
    candidates.push_back({.symbol = {.start = RuntimeAddress(line->address),
                                     .size = 0,
                                     .name = line->name,
                                     .module = line->module},
                          .rank = rank(line->type, line->name)});
  }
  if (any_line && !any_address) {
    return std::unexpected(Error{
        .what = "kernel symbols are hidden",
        .advice = "set kernel.kptr_restrict to 0 or run as root (CAP_SYSLOG) to see the names "
                  "of kernel functions"});
  }

  std::ranges::stable_sort(candidates, [](const Candidate& a, const Candidate& b) {
    return a.symbol.start != b.symbol.start ? a.symbol.start < b.symbol.start : a.rank < b.rank;
  });
  auto& symbols = result.state_->symbols;
  symbols.reserve(candidates.size());
  for (const Candidate& candidate : candidates) {
    if (symbols.empty() || symbols.back().start != candidate.symbol.start)
      symbols.push_back(candidate.symbol);
  }
  std::ranges::sort(boundaries);
  auto boundary = boundaries.begin();
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    const std::uint64_t start = symbols[i].start.value();
    const bool has_next = i + 1 < symbols.size();
    symbols[i].size = has_next ? symbols[i + 1].start.value() - start : kLastSymbolSize;
    while (boundary != boundaries.end() && *boundary <= start) ++boundary;
    if (boundary != boundaries.end() && symbols[i].size > kLongestFunction) {
      symbols[i].size = std::min(symbols[i].size, *boundary - start);
    }
    // Between the last symbol of one module and the first of another lies unrelated memory.
    const bool same_module = has_next && symbols[i + 1].module == symbols[i].module;
    if (!same_module) symbols[i].size = std::min(symbols[i].size, kLastSymbolSize);
  }
  return result;
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

const KernelSymbol* KernelSymbols::find(RuntimeAddress address) const {
  const auto holds = [address](const KernelSymbol& symbol) {
    return address - symbol.start < symbol.size;
  };
  const auto in = [&](const std::map<std::uint64_t, KernelSymbol>& map) -> const KernelSymbol* {
    const auto next = map.upper_bound(address.value());
    if (next == map.begin()) return nullptr;
    const KernelSymbol& symbol = std::prev(next)->second;
    return holds(symbol) ? &symbol : nullptr;
  };
  if (const KernelSymbol* symbol = in(state_->added)) return symbol;
  const auto& symbols = state_->symbols;
  const auto next = std::ranges::upper_bound(symbols, address, {}, &KernelSymbol::start);
  if (next != symbols.begin() && holds(*std::prev(next))) return &*std::prev(next);
  return in(state_->modules);
}

std::size_t KernelSymbols::size() const { return state_->symbols.size() + state_->added.size(); }

}  // namespace symbolizer
