// Kernel code that appeared while recording (BPF programs, trampolines), and what it is called: no
// longer to be found when names are looked up.
//
//   NewKernelCode code;
//   code.on(ksymbol_event);
//   code.add_to(kernel_symbols);
#pragma once

#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

#include "profiler/event.h"
#include "symbolizer/kernel/kernel_symbols.h"

namespace profiler::pipeline {

class NewKernelCode {
 public:
  void on(const KsymbolEvent& event) {
    // Of a BPF program that was there before the recording and is gone at its end, only its going
    // is told.
    const bool is_new = starts_.insert(event.start.value()).second;
    if (is_new || !event.unregister)
      symbols_.push_back({event.start, event.length, std::string(event.name)});
  }
  void add_to(symbolizer::KernelSymbols& kernel) const {
    for (const Symbol& symbol : symbols_) kernel.add(symbol.start, symbol.size, symbol.name, "bpf");
  }

 private:
  struct Symbol {
    RuntimeAddress start;
    std::uint32_t size;
    std::string name;
  };
  std::vector<Symbol> symbols_;
  std::unordered_set<std::uint64_t> starts_;
};

}  // namespace profiler::pipeline
