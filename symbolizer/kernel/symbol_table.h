// Symbols by address in little memory: 12 bytes each beside their names, which lie end to end.
//
//   SymbolTableBuilder builder;
//   builder.add_code(0xffffffff81001010, 't', "do_thing", "");     // in any order
//   builder.add_data(0xffffffff82000000);
//   const SymbolTable table = std::move(builder).finish();
//   table.find(0xffffffff81001018)->name;
//
// A symbol reaches up to the next one: sources say where functions begin, and no more. Where
// several begin at an address, the one a person would use is kept (a global before a local before a
// weak one, no leading "__" or ".").
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace symbolizer {

class SymbolTable {
 public:
  struct Symbol {
    std::uint64_t start = 0;
    std::uint64_t size = 0;
    std::string_view name;    ///< These live as long as the table.
    std::string_view module;  ///< "": none.
  };

  /// The symbol whose range holds the address.
  [[nodiscard]] std::optional<Symbol> find(std::uint64_t address) const;
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  /// Bytes held.
  [[nodiscard]] std::size_t memory() const;
  /// Forgets those that have a module.
  void drop_modules();

 private:
  friend class SymbolTableBuilder;

  struct Entry {
    std::uint32_t low = 0;
    std::uint32_t high = 0;
    std::uint32_t name : 28 = 0;  ///< Where it begins in names_; a NUL ends it.
    std::uint32_t rank : 4 = 0;
    [[nodiscard]] std::uint64_t start() const { return std::uint64_t{high} << 32 | low; }
  };
  /// Entries from `first` on, up to the next run, are of this module.
  struct Run {
    std::uint32_t first = 0;
    std::uint32_t module = 0;  ///< Index of modules_.
  };
  /// An entry that ends before the next one begins.
  struct Short {
    std::uint32_t entry = 0;
    std::uint32_t size = 0;
  };
  [[nodiscard]] std::uint32_t module_of(std::size_t entry) const;

  std::vector<Entry> entries_;  ///< By start, each start once.
  std::vector<Run> runs_;
  std::vector<Short> short_;
  std::vector<std::string> modules_ = {""};
  std::string names_;
};

class SymbolTableBuilder {
 public:
  /// `type` as nm(1) says it.
  void add_code(std::uint64_t address, char type, std::string_view name, std::string_view module);
  /// Something else begins there.
  void add_data(std::uint64_t address) { data_.push_back(address); }
  /// Room for that many, to save copies.
  void reserve(std::size_t symbols, std::size_t bytes_of_names);
  [[nodiscard]] SymbolTable finish() &&;

 private:
  std::uint32_t module_index(std::string_view name);
  void sort_tail();
  void set_ends();

  SymbolTable table_;
  std::unordered_map<std::string, std::uint32_t> module_indices_ = {{"", 0}};
  std::vector<std::uint64_t> data_;
  /// Entries before this one are in order.
  std::size_t sorted_ = std::numeric_limits<std::size_t>::max();
};

}  // namespace symbolizer
