// File, line and the chain of inlined functions at an address of a module, from its DWARF.
//
//   SourceLookup source(DebugInfo::open(file, search), code_regions(*module));
//   std::vector<SourceFrame> chain = source.at(address);   // the innermost inlined function first
//
// An address with a line but no function gives one frame without names. Units are read when an
// address in them is first asked for, and kept in compact form.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "profiler/symbol.h"
#include "symbolizer/dwarf/debug_info.h"
#include "symbolizer/dwarf/function_tree.h"
#include "symbolizer/dwarf/line_rows.h"
#include "symbolizer/dwarf/line_table.h"
#include "symbolizer/dwarf/unit_index.h"
#include "symbolizer/elf/function_symbols.h"

namespace symbolizer {

class SourceLookup {
 public:
  SourceLookup(std::unique_ptr<DebugInfo> info, std::vector<CodeRegion> code);

  /// Empty where the debug information has nothing.
  [[nodiscard]] std::vector<profiler::SourceFrame> at(ModuleAddress address);

 private:
  /// A unit that addresses were looked up in.
  struct OpenUnit {
    /// `with_entries`: the split unit of a skeleton, else `unit` itself.
    OpenUnit(const Unit& unit, const Unit& with_entries, std::span<const CodeRegion> code)
        : entries(with_entries),
          files(unit),
          lines(files.run(), code),
          functions(with_entries, code) {}
    const Unit& entries;
    LineTable files;
    LineRows lines;
    FunctionTree functions;
  };
  /// What the entries of a function say.
  struct Description {
    std::string_view name;         ///< As in the source: without what is around it.
    std::string_view linked_name;  ///< As in the symbol table; empty: not said.
    std::string declared_file;
    std::uint32_t declared_line = 0;
  };

  [[nodiscard]] OpenUnit* unit_at(ModuleAddress address);
  [[nodiscard]] const Description& describe(const DieReference& function);
  [[nodiscard]] LineTable& files_of(const Unit& unit);
  [[nodiscard]] const std::string& demangled(std::string_view linked_name);

  std::unique_ptr<DebugInfo> info_;
  std::vector<CodeRegion> code_;
  UnitIndex index_;
  std::unordered_map<std::uint64_t, std::unique_ptr<OpenUnit>> units_;
  std::unordered_map<const Unit*, LineTable> files_;  ///< Whose numbers entries of a unit use.
  std::unordered_map<const Unit*, std::unordered_map<std::uint64_t, Description>> descriptions_;
  std::unordered_map<std::string_view, std::string> demangled_;
};

}  // namespace symbolizer
