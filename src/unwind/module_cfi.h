// The call frame information of one module, as the unwinder asks for it.
//
//   ModuleCfi cfi(elf_file);
//   CfiRow row;
//   switch (cfi.find_row(address, row)) …
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "profiler/address.h"
#include "symbolizer/elf/elf_file.h"
#include "symbolizer/elf/fde_table.h"
#include "symbolizer/elf/function_symbols.h"
#include "unwind/cfi_row.h"

namespace profiler::unwind {

class ModuleCfi {
 public:
  enum class Found : std::uint8_t {
    kRow,
    kNothing,  ///< No FDE covers the address.
    kMalformed,
    kEntryPoint,  ///< It lies in the function that the kernel or the loader enters: nobody called
                  ///< it.
    kHandMade,    ///< A return address at the start of a function, where no call has left it: the
                  ///< root of a stack that was made by hand (makecontext).
  };

  explicit ModuleCfi(std::shared_ptr<const symbolizer::ElfFile> file);

  /// `address` is a lookup address; `kind` says of what. Code that is known by its instructions
  /// (bare_code.h) has a row too.
  [[nodiscard]] Found find_row(ModuleAddress address, AddressKind kind, CfiRow& row) const;

 private:
  /// The FDE that the padding at `address` follows, if it is that.
  [[nodiscard]] std::optional<symbolizer::Fde> fde_before_padding(ModuleAddress address) const;

  /// Execution stands where a function that a symbol names has no frame, or none yet.
  [[nodiscard]] bool is_frameless(ModuleAddress address, CfiRow& row) const;

  std::shared_ptr<const symbolizer::ElfFile> file_;
  symbolizer::FdeTable table_;
  ModuleAddress entry_;
  /// Read when code without call frame information is first met.
  mutable std::unique_ptr<symbolizer::FunctionSymbols> functions_;
};

}  // namespace profiler::unwind
