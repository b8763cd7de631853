#include "unwind/module_cfi.h"

#include <elf.h>

#include <cstring>
#include <string_view>
#include <utility>

#include "unwind/bare_code.h"
#include "unwind/cfi_interpreter.h"

namespace profiler::unwind {
namespace {

/// Padding after a call that does not return belongs to the function before it.
constexpr std::uint64_t kPadding = 15;
/// What entry code without call frame information stays below: _start of musl and of start files,
/// glibc's _start and _dl_start_user behind it.
constexpr std::uint64_t kEntryCodeBytes = 96;

/// Bytes of a function that are read to see whether it has a frame. (Go's memmove has 1,500.)
constexpr std::uint64_t kMaxFrameless = 8192;

ModuleAddress entry_of(const symbolizer::ElfFile& file) {
  Elf64_Ehdr header{};
  if (file.bytes().size() >= sizeof header)
    std::memcpy(&header, file.bytes().data(), sizeof header);
  return ModuleAddress(header.e_entry);
}

}  // namespace

ModuleCfi::ModuleCfi(std::shared_ptr<const symbolizer::ElfFile> file)
    : file_(std::move(file)), table_(file_->unwind_sections()), entry_(entry_of(*file_)) {}

std::optional<symbolizer::Fde> ModuleCfi::fde_before_padding(ModuleAddress address) const {
  auto fde = table_.find(address, kPadding);
  if (!fde) return fde;
  // A small function without call frame information may follow just as closely.
  const auto gap = file_->bytes_at(fde->end(), kPadding + 1);
  const std::size_t padding = file_->machine() == symbolizer::Machine::kAarch64
                                  ? aarch64::padding_size(gap)
                                  : x86_64::padding_size(gap);
  if (address - fde->end() >= padding) fde.reset();
  return fde;
}

// Go's leaves and compilers', even where frame pointers are kept, and the first instructions of
// every function: RBP is the caller's there, and by it the caller would be left out.
bool ModuleCfi::is_frameless(ModuleAddress address, CfiRow& row) const {
  if (!functions_) {
    functions_ = std::make_unique<symbolizer::FunctionSymbols>(*file_);
    functions_->add_symbols_of(file_);
    functions_->build();
  }
  const auto function = functions_->find(address);
  if (!function || function->end - function->start > kMaxFrameless) return false;
  // A part that its function jumps to has that function's frame.
  if (function->name.find(".cold") != std::string_view::npos) return false;
  const std::uint64_t size = function->end - function->start;
  const auto code = file_->bytes_at(function->start, size);
  return code.size() == size && x86_64::row_of_frameless_code(code, function->start, address, row);
}

ModuleCfi::Found ModuleCfi::find_row(ModuleAddress address, AddressKind kind, CfiRow& row) const {
  const bool has_entry = entry_.value() != 0;
  auto fde = table_.find(address);
  // The CFI of glibc's loader does not cover its entry function, nor say that it has no caller.
  if (has_entry && (fde ? fde->contains(entry_) : address - entry_ < kEntryCodeBytes))
    return Found::kEntryPoint;
  const bool is_aarch64 = file_->machine() == symbolizer::Machine::kAarch64;
  // The vdso of aarch64 before Linux 5.8 described its trampoline as a call from the caller of the
  // interrupted function: the instructions are believed first.
  if (fde && fde->cie.signal_frame && is_aarch64 &&
      aarch64::row_of_sigreturn(*file_, address, kind, row)) {
    return Found::kRow;
  }
  if (!fde) {
    if (is_aarch64 ? aarch64::row_of_bare_code(*file_, address, kind, row)
                   : x86_64::row_of_bare_code(*file_, address, kind, row)) {
      return Found::kRow;
    }
    fde = fde_before_padding(address);
    // Padding calls nobody. (Its own address is that of the function before.)
    if (fde && kind == AddressKind::kReturn && table_.find(address + 1)) return Found::kHandMade;
  }
  if (!fde) {
    const bool frameless =
        kind == AddressKind::kInstruction && !is_aarch64 && is_frameless(address, row);
    return frameless ? Found::kRow : Found::kNothing;
  }
  return unwind::find_row(*fde, address, row) ? Found::kRow : Found::kMalformed;
}

}  // namespace profiler::unwind
