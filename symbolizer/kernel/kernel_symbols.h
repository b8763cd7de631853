// Names of kernel code, from /proc/kallsyms text (proc(5)) and from KSYMBOL records.
//
//   Result<KernelSymbols> kernel = KernelSymbols::parse(kallsyms_text);
//   kernel->add({RuntimeAddress(start), length, "bpf_prog_6deef7357e7b4530_f", "bpf"});
//   const KernelSymbol* s = kernel->find(address);   // the symbol whose range holds the address
//
// Text symbols only; __pfx_ aliases are left out. Where symbols share an address the one a person
// would use is kept (a global before a local, no leading "__" or ".").
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "profiler/address.h"
#include "profiler/error.h"

namespace symbolizer {

struct KernelSymbol {
  profiler::RuntimeAddress start;
  std::uint64_t size = 0;     ///< Up to the next symbol where the source gives none.
  std::string_view name;      ///< Lives as long as the KernelSymbols.
  std::string_view module;    ///< "" for the kernel's core, "nf_tables", "bpf".
  bool whole_module = false;  ///< Of its functions nothing is known: the name is "nf_tables" too.
};

class KernelSymbols {
 public:
  KernelSymbols();
  ~KernelSymbols();
  KernelSymbols(KernelSymbols&&) noexcept;
  KernelSymbols& operator=(KernelSymbols&&) noexcept;

  /// Error (what: "kernel symbols are hidden") if every address is 0: kptr_restrict, or a caller
  /// without CAP_SYSLOG while perf_event_paranoid > 1.
  static profiler::Result<KernelSymbols> parse(std::string text);
  /// Adds code that appeared while recording; the strings are copied.
  void add(profiler::RuntimeAddress start, std::uint64_t size, std::string_view name,
           std::string_view module);
  /// Where a module lies. Found only where no symbol is.
  void add_module(profiler::RuntimeAddress start, std::uint64_t size, std::string_view name);
  [[nodiscard]] const KernelSymbol* find(profiler::RuntimeAddress address) const;
  /// Symbols, modules not among them.
  [[nodiscard]] std::size_t size() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace symbolizer
