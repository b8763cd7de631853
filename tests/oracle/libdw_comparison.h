// Rows and compiled rules of a module against libdw's at the same addresses (dwarf_cfi_addrframe).
//
//   Result<LibdwComparison> found = compare_with_libdw("/usr/bin/gdb", 20000, 1);
//   found->equal == found->addresses;
//   found->differences["another CFA"];
//
// One deviation of libdw is known and allowed for: elfutils 0.188 (backends/x86_64_cfi.c) has
// RAX's number, 0, where it means RBX, 3, when it says which registers a call preserves.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "profiler/error.h"

namespace profiler::oracle {

struct LibdwComparison {
  std::size_t functions = 0;  ///< That the module's tables describe.
  std::size_t addresses = 0;  ///< That were compared.
  std::size_t equal = 0;
  std::size_t fast = 0;                            ///< Of the rules, those that need no slow path.
  std::map<std::string, std::size_t> differences;  ///< By class.
  std::vector<std::string> examples;               ///< One of each class.
};

/// `count` random addresses: half of them in functions taken at random, so that small ones are met
/// as well, half anywhere in the code that is described. Error: no file, no tables.
[[nodiscard]] Result<LibdwComparison> compare_with_libdw(const std::string& path, std::size_t count,
                                                         std::uint64_t seed);

}  // namespace profiler::oracle
