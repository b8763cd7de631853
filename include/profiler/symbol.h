// What a symbolizer answers about one code address.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "profiler/profile.h"

namespace profiler {

/// A function at an address, and where in its source that address lies.
struct SourceFrame {
  std::string function;       ///< Demangled; "module+0xSTART" for a range without a name.
  std::string system_name;    ///< As in the symbol table.
  std::string file;           ///< Of the address. Empty: not known.
  std::uint32_t line = 0;     ///< Of the address. 0: not known.
  std::string declared_file;  ///< Of the function. Empty: not known.
  std::uint32_t declared_line = 0;
};

/// The chain of functions at one address, the innermost inlined one first. Empty when naming is
/// kNone.
struct Symbolized {
  Naming naming = Naming::kNone;
  std::vector<SourceFrame> frames;
};

}  // namespace profiler
