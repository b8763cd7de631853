// Code that has no call frame information but is known by its instructions: PLT stubs of linkers
// that describe none, _init and _fini, the first and last instructions of a function, and the
// kernel's way back from a signal handler (musl, Go, the vdso of aarch64).
//
//   CfiRow row;
//   if (x86_64::row_of_bare_code(file, address, kind, row)) …   // as if it had been described
//
// One file an architecture: arch/*/bare_code.cc. The bytes are those of the file; code that was
// generated at run time is not seen.
#pragma once

#include <cstddef>
#include <span>

#include "profiler/address.h"
#include "symbolizer/elf/elf_file.h"
#include "unwind/cfi_row.h"

namespace profiler::unwind {

namespace x86_64 {
/// `address` is a lookup address: of `kind` kReturn, it is the byte before where execution goes on.
[[nodiscard]] bool row_of_bare_code(const symbolizer::ElfFile& file, ModuleAddress address,
                                    AddressKind kind, CfiRow& row);
/// Only for what returns from a signal handler.
[[nodiscard]] bool row_of_sigreturn(const symbolizer::ElfFile& file, ModuleAddress address,
                                    AddressKind kind, CfiRow& row);
/// Execution stands at `address`, in the function from `start` on whose instructions are `code`,
/// and the return address is on top of the stack: either nothing has moved the stack pointer on the
/// straight way from the start, or nothing in the function does.
[[nodiscard]] bool row_of_frameless_code(std::span<const std::byte> code, ModuleAddress start,
                                         ModuleAddress address, CfiRow& row);
/// How many bytes at the start of `code` are filler between functions, in whole instructions.
[[nodiscard]] std::size_t padding_size(std::span<const std::byte> code);
}  // namespace x86_64

namespace aarch64 {
[[nodiscard]] bool row_of_bare_code(const symbolizer::ElfFile& file, ModuleAddress address,
                                    AddressKind kind, CfiRow& row);
[[nodiscard]] bool row_of_sigreturn(const symbolizer::ElfFile& file, ModuleAddress address,
                                    AddressKind kind, CfiRow& row);
[[nodiscard]] std::size_t padding_size(std::span<const std::byte> code);
}  // namespace aarch64

}  // namespace profiler::unwind
