// Which things of two recordings are the same one, by what they are called: addresses, paths of
// modules and build ids change with every build.
//
//   std::vector<Named> before = {{.name = "parse.constprop.0", .file = "/v1/src/parse.c"}};
//   std::vector<Named> after = {{.name = "parse", .file = "/v2/src/parse.c"}};
//   Matching m = match_names(before, after);
//   m.before[0] == m.after[0]                    // numbers: the same number, the same thing
//
// Copies of a function and pieces of it ("f.constprop.0", "f.cold") are the function, as far as it
// is clear which one: copies of the same file, or where no file is known, of the same module. Of
// several that have one name, those in the same file are the same; the file's last parts will do
// where they tell them apart, then the module; then there may be but one left on either side.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace profiler::view {

struct Named {
  std::string name = {};
  std::string file = {};
  std::string module = {};  ///< The last part of its path.
  bool kernel = false;      ///< The kernel's are never the same as a program's.
};

struct Matching {
  std::vector<std::uint32_t> before;  ///< By row of the first list.
  std::vector<std::uint32_t> after;
  std::size_t size = 0;  ///< Numbers given: from 0 on.
};

[[nodiscard]] Matching match_names(const std::vector<Named>& before,
                                   const std::vector<Named>& after);

}  // namespace profiler::view
