// Reads text as /proc/kallsyms has it (proc(5)), piece by piece as it comes from a file:
//
//   KallsymsParser parser;
//   while (read(…)) parser.add(piece);                  // may end within a line
//   Result<KernelSymbols> kernel = std::move(parser).finish();
//
// Keeps functions only, and none of the text. System.map has the same lines.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "profiler/error.h"
#include "symbolizer/kernel/kernel_symbols.h"
#include "symbolizer/kernel/symbol_table.h"

namespace symbolizer {

class KallsymsParser {
 public:
  void add(std::string_view piece);
  /// Error (what: "kernel symbols are hidden") if every address is 0: kptr_restrict, or a caller
  /// without CAP_SYSLOG while perf_event_paranoid > 1.
  [[nodiscard]] profiler::Result<KernelSymbols> finish() &&;

  /// Where "_text" lies, from what was read so far; 0: not known.
  [[nodiscard]] std::uint64_t text() const { return anchors_.text; }
  /// Room for the symbols of so many bytes of text.
  void reserve(std::size_t bytes);

 private:
  void add_lines(std::string_view lines);
  void add_line(std::string_view line);

  SymbolTableBuilder symbols_;
  KernelAnchors anchors_;
  std::string partial_;  ///< The line that the last piece ended in.
  bool any_line_ = false;
  bool any_address_ = false;
};

}  // namespace symbolizer
