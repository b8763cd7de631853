#include "symbolizer/kernel/symbol_table.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace symbolizer {
namespace {

/// The last symbol of the kernel or of a module has no next one to end at.
constexpr std::uint64_t kLastSymbolSize = 4096;
/// What reaches further to the next symbol spans data (from .text to .init.text), and ends there.
/// Below that, data among code (tables of assembler) ends nothing.
constexpr std::uint64_t kLongestFunction = std::uint64_t{256} << 10;
/// No kernel's names take as much; what an Entry can say.
constexpr std::size_t kMaxNames = (std::size_t{1} << 28) - 1;

/// Lower is what a person would call it.
unsigned rank_of(char type, std::string_view name) {
  unsigned penalty = 0;
  if (type == 't') penalty += 1;
  if (type == 'w' || type == 'W') penalty += 2;
  if (name.starts_with("__")) penalty += 4;
  if (name.starts_with('.')) penalty += 8;
  return penalty;
}

}  // namespace

std::uint32_t SymbolTable::module_of(std::size_t entry) const {
  const auto next = std::ranges::upper_bound(runs_, entry, {}, &Run::first);
  return next == runs_.begin() ? 0 : std::prev(next)->module;
}

std::optional<SymbolTable::Symbol> SymbolTable::find(std::uint64_t address) const {
  const auto next = std::ranges::upper_bound(entries_, address, {}, &Entry::start);
  if (next == entries_.begin()) return std::nullopt;
  const auto entry = static_cast<std::uint32_t>(std::prev(next) - entries_.begin());
  const std::uint64_t start = entries_[entry].start();
  const auto shorter = std::ranges::lower_bound(short_, entry, {}, &Short::entry);
  const std::uint64_t size =
      shorter != short_.end() && shorter->entry == entry ? shorter->size : next->start() - start;
  if (address - start >= size) return std::nullopt;
  return Symbol{.start = start,
                .size = size,
                .name = names_.data() + entries_[entry].name,
                .module = modules_[module_of(entry)]};
}

std::size_t SymbolTable::memory() const {
  return entries_.capacity() * sizeof(Entry) + runs_.capacity() * sizeof(Run) +
         short_.capacity() * sizeof(Short) + modules_.capacity() * sizeof(std::string) +
         names_.capacity();
}

void SymbolTable::drop_modules() {
  std::uint32_t kept = 0;
  std::vector<Short> shorter;
  auto next = short_.begin();
  for (std::size_t run = 0; run < runs_.size(); ++run) {
    const std::size_t end = run + 1 < runs_.size() ? runs_[run + 1].first : entries_.size();
    for (std::size_t i = runs_[run].first; i < end; ++i) {
      const bool is_short = next != short_.end() && next->entry == i;
      if (is_short) ++next;
      if (runs_[run].module != 0) continue;
      if (is_short) {
        shorter.push_back({.entry = kept, .size = std::prev(next)->size});
      } else if (i + 1 == end) {  // What it ended at goes.
        const std::uint64_t size = entries_[i + 1].start() - entries_[i].start();
        shorter.push_back({.entry = kept, .size = static_cast<std::uint32_t>(size)});
      }
      entries_[kept++] = entries_[i];
    }
  }
  entries_.resize(kept);
  short_ = std::move(shorter);
  runs_.clear();
}

void SymbolTableBuilder::reserve(std::size_t symbols, std::size_t bytes_of_names) {
  table_.entries_.reserve(symbols);
  table_.names_.reserve(std::min(bytes_of_names, kMaxNames));
}

std::uint32_t SymbolTableBuilder::module_index(std::string_view name) {
  const auto [known, is_new] = module_indices_.try_emplace(
      std::string(name), static_cast<std::uint32_t>(table_.modules_.size()));
  if (is_new) table_.modules_.emplace_back(name);
  return known->second;
}

void SymbolTableBuilder::add_code(std::uint64_t address, char type, std::string_view name,
                                  std::string_view module) {
  auto& entries = table_.entries_;
  auto& names = table_.names_;
  auto& runs = table_.runs_;
  const unsigned rank = rank_of(type, name);
  if (!entries.empty() && address == entries.back().start()) {
    if (rank >= entries.back().rank) return;
    names.resize(entries.back().name);
    entries.pop_back();
    if (runs.back().first == entries.size()) runs.pop_back();
  }
  if (name.size() >= kMaxNames - names.size()) return;
  if (!entries.empty() && address < entries.back().start())
    sorted_ = std::min(sorted_, entries.size());
  if (runs.empty() || module != table_.modules_[runs.back().module]) {
    runs.push_back(
        {.first = static_cast<std::uint32_t>(entries.size()), .module = module_index(module)});
  }
  SymbolTable::Entry entry;
  entry.low = static_cast<std::uint32_t>(address);
  entry.high = static_cast<std::uint32_t>(address >> 32);
  entry.name = static_cast<std::uint32_t>(names.size()) & kMaxNames;
  entry.rank = rank & 15U;
  entries.push_back(entry);
  names.append(name);
  names.push_back('\0');
}

void SymbolTableBuilder::sort_tail() {
  auto& entries = table_.entries_;
  if (sorted_ >= entries.size()) return;
  const auto tail = entries.begin() + static_cast<std::ptrdiff_t>(sorted_);
  const std::uint64_t lowest =
      std::ranges::min_element(tail, entries.end(), {}, &SymbolTable::Entry::start)->start();
  const auto from =
      std::ranges::lower_bound(entries.begin(), tail, lowest, {}, &SymbolTable::Entry::start) -
      entries.begin();

  struct Placed {
    SymbolTable::Entry entry;
    std::uint32_t module = 0;
  };
  std::vector<Placed> placed;
  placed.reserve(entries.size() - static_cast<std::size_t>(from));
  auto run = std::ranges::upper_bound(table_.runs_, static_cast<std::size_t>(from), {},
                                      &SymbolTable::Run::first);
  for (auto i = static_cast<std::size_t>(from); i < entries.size(); ++i) {
    while (run != table_.runs_.end() && run->first <= i) ++run;
    placed.push_back({.entry = entries[i], .module = std::prev(run)->module});
  }
  std::ranges::stable_sort(placed, [](const Placed& a, const Placed& b) {
    return a.entry.start() != b.entry.start() ? a.entry.start() < b.entry.start()
                                              : a.entry.rank < b.entry.rank;
  });
  entries.resize(static_cast<std::size_t>(from));
  std::erase_if(table_.runs_, [from](const SymbolTable::Run& r) { return r.first >= from; });
  for (const Placed& next : placed) {
    if (!entries.empty() && entries.back().start() == next.entry.start()) continue;
    if (table_.runs_.empty() || table_.runs_.back().module != next.module) {
      table_.runs_.push_back(
          {.first = static_cast<std::uint32_t>(entries.size()), .module = next.module});
    }
    entries.push_back(next.entry);
  }
}

void SymbolTableBuilder::set_ends() {
  const auto& entries = table_.entries_;
  if (!std::ranges::is_sorted(data_)) std::ranges::sort(data_);
  auto data = data_.begin();
  auto run = table_.runs_.begin();
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const std::uint64_t start = entries[i].start();
    while (run != table_.runs_.end() && run->first <= i) ++run;
    const bool is_last = i + 1 == entries.size();
    const std::uint64_t to_next = is_last ? kLastSymbolSize : entries[i + 1].start() - start;
    std::uint64_t size = to_next;
    if (size > kLongestFunction) {
      data = std::upper_bound(data, data_.end(), start);
      if (data != data_.end()) size = std::min(size, *data - start);
    }
    // Between the last symbol of one module and the first of another lies unrelated memory.
    const bool ends_run = is_last || (run != table_.runs_.end() && run->first == i + 1);
    if (ends_run) size = std::min(size, kLastSymbolSize);
    size = std::min<std::uint64_t>(size, std::numeric_limits<std::uint32_t>::max());
    if (size != to_next || is_last) {
      table_.short_.push_back(
          {.entry = static_cast<std::uint32_t>(i), .size = static_cast<std::uint32_t>(size)});
    }
  }
}

SymbolTable SymbolTableBuilder::finish() && {
  sort_tail();
  set_ends();
  table_.entries_.shrink_to_fit();
  table_.names_.shrink_to_fit();
  return std::move(table_);
}

}  // namespace symbolizer
