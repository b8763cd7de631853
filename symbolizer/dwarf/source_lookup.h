// File, line and the chain of inlined functions at an address of a module, from its DWARF.
//
//   SourceLookup source(debug_info, code_regions(*module));
//   std::vector<SourceFrame> chain = source.at(address);   // the innermost inlined function first
//
// An address with a line but no function gives one frame without names. Units are read when an
// address in them is first asked for, and kept in compact form.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "profiler/symbol.h"
#include "symbolizer/dwarf/debug_info.h"
#include "symbolizer/dwarf/function_tree.h"
#include "symbolizer/dwarf/line_rows.h"
#include "symbolizer/dwarf/unit_index.h"
#include "symbolizer/elf/function_symbols.h"

namespace symbolizer {

class SourceLookup {
 public:
  /// Rows of line tables that libdw may hold before it is restarted: 81 MB.
  static constexpr std::size_t kMaxDecodedRows = 1'000'000;

  SourceLookup(std::unique_ptr<DebugInfo> info, std::vector<CodeRegion> code,
               std::size_t max_decoded_rows = kMaxDecodedRows);

  /// Empty where the debug information has nothing.
  [[nodiscard]] std::vector<profiler::SourceFrame> at(ModuleAddress address);

 private:
  struct Unit {
    LineRows lines;
    FunctionTree functions;
  };
  /// What a function's or an inlined call's DIE says.
  struct Description {
    std::string function;
    std::string system_name;
    std::string declared_file;
    std::uint32_t declared_line = 0;
    std::string call_file;
    std::uint32_t call_line = 0;
  };

  [[nodiscard]] Unit* unit_at(ModuleAddress address);
  [[nodiscard]] const Description& describe(Dwarf_Off die);

  std::unique_ptr<DebugInfo> info_;
  std::vector<CodeRegion> code_;
  UnitIndex index_;
  std::unordered_map<Dwarf_Off, Unit> units_;
  std::unordered_map<Dwarf_Off, Description> descriptions_;
  std::size_t max_decoded_rows_;
  std::size_t decoded_rows_ = 0;
};

}  // namespace symbolizer
