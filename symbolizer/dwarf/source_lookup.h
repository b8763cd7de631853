// File, line and the chain of inlined functions at an address of a module, from its DWARF.
//
//   SourceLookup source(DebugInfo::open(file, search), code_regions(*module));
//   std::vector<SourceFrame> chain = source.at(address);   // the innermost inlined function first
//
// An address with a line but no function gives one frame without names. Units are read when an
// address in them is first asked for, kept in compact form, and forgotten when they are many: who
// asks unit by unit (unit_of) has each read once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "profiler/symbol.h"
#include "symbolizer/dwarf/debug_info.h"
#include "symbolizer/dwarf/function_tree.h"
#include "symbolizer/dwarf/line_rows.h"
#include "symbolizer/dwarf/line_table.h"
#include "symbolizer/dwarf/scopes.h"
#include "symbolizer/dwarf/unit_index.h"
#include "symbolizer/elf/function_symbols.h"

namespace symbolizer {

class SourceLookup {
 public:
  /// How much may be kept open: bytes of .debug_info, and units whatever their size.
  struct Limits {
    std::uint64_t bytes = std::uint64_t{64} << 20;
    std::size_t units = 64;
  };

  SourceLookup(std::unique_ptr<DebugInfo> info, std::vector<CodeRegion> code, Limits limits);
  SourceLookup(std::unique_ptr<DebugInfo> info, std::vector<CodeRegion> code)
      : SourceLookup(std::move(info), std::move(code), Limits()) {}

  /// Empty where the debug information has nothing.
  [[nodiscard]] std::vector<profiler::SourceFrame> at(ModuleAddress address);
  /// Equal for addresses of one unit.
  [[nodiscard]] std::uint64_t unit_of(ModuleAddress address) const {
    return index_.find(address).value_or(UINT64_MAX);
  }
  /// Forgets all units if more than `bytes` of .debug_info are open: for who will not come back.
  void forget_beyond(std::uint64_t bytes) {
    if (open_bytes_ > bytes) forget_units();
  }

 private:
  /// A unit that addresses were looked up in.
  struct OpenUnit {
    /// `with_entries`: the split unit of a skeleton, else `unit` itself.
    OpenUnit(const Unit& unit, const Unit& with_entries, std::span<const CodeRegion> code,
             std::vector<LineTable::Row>& rows)
        : entries(with_entries),
          files(unit),
          lines(run(files, rows), code),
          functions(with_entries, code) {}
    const Unit& entries;
    LineTable files;
    LineRows lines;
    FunctionTree functions;
  };
  /// What the entries of a function say.
  struct Description {
    std::string_view
        linked_name;        ///< As in the symbol table; where it is in none, as in the source.
    std::string_view name;  ///< Demangled, or with what it is declared in.
    std::string_view declared_file;
    std::uint32_t declared_line = 0;
  };

  [[nodiscard]] OpenUnit* unit_at(ModuleAddress address);
  void forget_units();
  [[nodiscard]] const Description& describe(const DieReference& function);
  [[nodiscard]] LineTable& files_of(const Unit& unit);
  /// "space::Type::name", for the entry that says `name`.
  [[nodiscard]] std::string_view qualified(const DieReference& entry, std::string_view name);
  [[nodiscard]] std::string_view demangled(std::string_view linked_name);
  static std::span<const LineTable::Row> run(const LineTable& table,
                                             std::vector<LineTable::Row>& rows) {
    table.run(rows);
    return rows;
  }

  std::unique_ptr<DebugInfo> info_;
  std::vector<CodeRegion> code_;
  UnitIndex index_;
  Limits limits_;
  std::uint64_t open_bytes_ = 0;  ///< Of .debug_info, of the units in units_.
  std::unordered_map<std::uint64_t, std::unique_ptr<OpenUnit>> units_;
  std::unordered_map<const Unit*, LineTable> files_;  ///< Whose numbers entries of a unit use.
  std::unordered_map<const Unit*, std::unordered_map<std::uint64_t, Description>> descriptions_;
  std::unordered_map<std::string_view, std::string> demangled_;
  std::unordered_map<const Unit*, Scopes> scopes_;
  std::deque<std::string> qualified_;
  int qualifying_ = 0;                ///< How many functions inside each other are being qualified.
  std::vector<LineTable::Row> rows_;  ///< Of the table read last: room for the next one's.
};

}  // namespace symbolizer
