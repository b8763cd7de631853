// The .dwo files of split units, and the .dwp file that a module's were packed into (DWARF
// 5, 7.3.5; GNU's form of both in DWARF 4).
//
//   SplitFiles files(*module, search);
//   const Unit* unit = files.unit_of(*skeleton);      // null: not found, or of another build
//
// A package is looked for next to the module ("prog.dwp"); a .dwo at the path in the skeleton, then
// next to the module. Either must have the skeleton's id.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "symbolizer/dwarf/debug_info.h"

namespace symbolizer {

class SplitFiles {
 public:
  SplitFiles(const ElfFile& module, DebugFileSearch search);
  ~SplitFiles();

  /// It stays open until close_units().
  [[nodiscard]] const Unit* unit_of(const Unit& skeleton);
  void close_units();

 private:
  [[nodiscard]] std::unique_ptr<Unit> find(const Unit& skeleton);
  [[nodiscard]] std::unique_ptr<Unit> find_in_package(const Unit& skeleton);
  [[nodiscard]] std::unique_ptr<Unit> find_in_file(const std::string& path, const Unit& skeleton);

  std::string module_path_;
  DebugFileSearch search_;
  bool package_searched_ = false;
  std::unique_ptr<DebugInfo> package_;
  std::vector<std::unique_ptr<DebugInfo>> files_;
  std::unordered_map<const Unit*, std::unique_ptr<Unit>> units_;
};

}  // namespace symbolizer
