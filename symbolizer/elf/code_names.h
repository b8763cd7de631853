// A name for every code address of a module, from everything but DWARF.
//
//   CodeNames names(module, debug_file);              // reads nothing yet
//   CodeName at = names.at(ModuleAddress(0x1139));
//   at.text                                           // "_ZN5Arena4growEm", "read@plt",
//                                                     // "libfoo.so+0x1130", "libfoo.so[.text]"
//
// In this order: the symbol whose range holds the address, the PLT stub, what the file's header or
// dynamic section names (_start, _init, _fini), the function range of the unwind table, the
// section. A symbol without a size ends where the unwind table starts another function.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "profiler/profile.h"
#include "symbolizer/elf/elf_file.h"
#include "symbolizer/elf/fde_table.h"
#include "symbolizer/elf/function_symbols.h"
#include "symbolizer/elf/plt_stubs.h"

namespace symbolizer {

struct CodeName {
  profiler::Naming naming = profiler::Naming::kNone;
  std::string text;     ///< Mangled where it is a symbol.
  ModuleAddress start;  ///< Of the function or range; addresses with equal starts and text are one.
};

class CodeNames {
 public:
  /// `debug_file`: the separate debug file, or null.
  CodeNames(std::shared_ptr<const ElfFile> module, std::shared_ptr<const ElfFile> debug_file);
  ~CodeNames();
  CodeNames(const CodeNames&) = delete;
  CodeNames& operator=(const CodeNames&) = delete;

  /// kNone only where the module has no code at all.
  [[nodiscard]] CodeName at(ModuleAddress address) const;
  /// The symbol that names `address`, if one does.
  [[nodiscard]] std::optional<FunctionSymbol> symbol_at(ModuleAddress address) const;
  [[nodiscard]] profiler::NameSource source() const { return source_; }
  [[nodiscard]] const FunctionSymbols& functions() const { return functions_; }

 private:
  void load_symbols(std::shared_ptr<const ElfFile> debug_file);
  [[nodiscard]] std::string range_text(ModuleAddress start) const;

  std::shared_ptr<const ElfFile> module_;
  std::string base_name_;
  FunctionSymbols functions_;
  FdeTable fdes_;
  profiler::NameSource source_ = profiler::NameSource::kNone;
  mutable std::unique_ptr<PltStubs> plt_;  ///< Null until an address needs it.
};

}  // namespace symbolizer
