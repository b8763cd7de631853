// Names of kernel code, from /proc/kallsyms text (proc(5)) and from KSYMBOL records.
//
//   Result<KernelSymbols> kernel = KernelSymbols::parse(kallsyms_text);
//   kernel->add({RuntimeAddress(start), length, "bpf_prog_6deef7357e7b4530_f", "bpf"});
//   const auto symbol = kernel->find(address);   // the symbol whose range holds the address
//
// Text symbols only; __pfx_ aliases are left out. Where symbols share an address the one a person
// would use is kept (symbol_table.h).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "profiler/address.h"
#include "profiler/error.h"

namespace symbolizer {

class ElfFile;
class SymbolTable;

struct KernelSymbol {
  profiler::RuntimeAddress start;
  std::uint64_t size = 0;     ///< Up to the next symbol where the source gives none.
  std::string_view name;      ///< Lives as long as the KernelSymbols.
  std::string_view module;    ///< "" for the kernel's core, "nf_tables", "bpf".
  bool whole_module = false;  ///< Of its functions nothing is known: the name is "nf_tables" too.
};

/// Addresses by which one kernel's places in memory are compared; 0: not known.
struct KernelAnchors {
  std::uint64_t text = 0;   ///< Of "_text".
  std::uint64_t stext = 0;  ///< Of "_stext".
};

/// The kernel's vmlinux, for what a table of symbols does not know: inlined calls, files, lines.
struct KernelImage {
  std::shared_ptr<const ElfFile> file;
  std::uint64_t distance = 0;  ///< Its code lies this much higher than it is linked to (mod 2^64).
};

class KernelSymbols {
 public:
  KernelSymbols();
  KernelSymbols(SymbolTable table, KernelAnchors anchors);
  ~KernelSymbols();
  KernelSymbols(KernelSymbols&&) noexcept;
  KernelSymbols& operator=(KernelSymbols&&) noexcept;

  /// As KallsymsParser, of a text that is whole.
  static profiler::Result<KernelSymbols> parse(std::string_view text);
  /// Adds code that appeared while recording; the strings are copied.
  void add(profiler::RuntimeAddress start, std::uint64_t size, std::string_view name,
           std::string_view module);
  /// Where a module lies. Found only where no symbol is.
  void add_module(profiler::RuntimeAddress start, std::uint64_t size, std::string_view name);
  /// What the table says, as if the kernel lay `distance` higher (modulo 2^64). Its modules are
  /// forgotten: they lie anywhere. What was added stays.
  void move(std::uint64_t distance);

  /// Of that very kernel: the caller has compared build ids.
  void set_image(KernelImage image);
  /// Its file is null: none.
  [[nodiscard]] const KernelImage& image() const;

  [[nodiscard]] std::optional<KernelSymbol> find(profiler::RuntimeAddress address) const;
  [[nodiscard]] KernelAnchors anchors() const;
  /// Symbols, modules not among them.
  [[nodiscard]] std::size_t size() const;
  /// Bytes held, but for what was added.
  [[nodiscard]] std::size_t memory() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace symbolizer
