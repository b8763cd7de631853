// Names for the addresses of one module: the one door of this library for user code.
//
//   ModuleSymbolizer names(elf_file, {});
//   Symbolized at = names.symbolize(ModuleAddress(0x1139));
//   at.frames.front().function;   // "Arena::grow(unsigned long)", or "libfoo.so+0x1130" by range
//
// Looks for separate debug files itself (elf/debug_files.h); reads everything lazily: a module of
// which one address is asked pays for that address. Not thread-safe; one per module and thread.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>

#include "profiler/address.h"
#include "profiler/profile.h"
#include "profiler/symbol.h"
#include "symbolizer/elf/debug_files.h"
#include "symbolizer/elf/elf_file.h"

namespace symbolizer {

class ModuleSymbolizer {
 public:
  ModuleSymbolizer(std::shared_ptr<const ElfFile> file, const DebugFileSearch& search);
  ~ModuleSymbolizer();
  ModuleSymbolizer(ModuleSymbolizer&&) noexcept;
  ModuleSymbolizer& operator=(ModuleSymbolizer&&) noexcept;

  /// `address` is a lookup address (CodeAddress::lookup).
  [[nodiscard]] profiler::Symbolized symbolize(ModuleAddress address) const;
  /// The same for many, in whichever order costs least: `use` is called once for each, with its
  /// index.
  void symbolize_all(
      std::span<const ModuleAddress> addresses,
      const std::function<void(std::size_t index, const profiler::Symbolized&)>& use) const;
  /// The best source of function names that this module turned out to have.
  [[nodiscard]] profiler::NameSource name_source() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace symbolizer
