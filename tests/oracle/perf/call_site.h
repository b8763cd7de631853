// Whether the code says that a frame may be the caller of another: a judge between two chains that
// is no unwinder.
//
//   CallSites sites;
//   sites.judge(caller, callee);        // kNoCall: execution cannot return to there
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "symbolizer/elf/elf_file.h"
#include "symbolizer/elf/fde_table.h"
#include "tests/oracle/perf/perf_script.h"

namespace profiler::oracle {

enum class CallSite : std::uint8_t {
  kUnknown,    ///< No file, or another architecture than x86-64.
  kNoCall,     ///< No call ends before the address.
  kCall,       ///< One does, whose target the code does not tell (or a stub).
  kElsewhere,  ///< One does, of another function than the callee's: only a jump from there explains
               ///< it.
  kCallsIt,    ///< One does, of the function that the callee's frame lies in.
};

class CallSites {
 public:
  /// `caller` is a return address, `callee` any address in the function that it called.
  [[nodiscard]] CallSite judge(const ShownFrame& caller, const ShownFrame& callee);
  /// perf's address in a file is an offset: the same as linked, where the file is here.
  [[nodiscard]] std::uint64_t linked_address(const ShownFrame& frame);
  /// Code at an address, for a person to read: "c3 66 90".
  [[nodiscard]] std::string code_at(const ShownFrame& frame);

 private:
  /// Whether the frame is where a signal handler returns to: nobody calls that, and what it returns
  /// to is any instruction.
  [[nodiscard]] bool is_signal_return(const ShownFrame& frame);

  struct Module {
    std::shared_ptr<const symbolizer::ElfFile> file;
    std::unique_ptr<symbolizer::FdeTable> functions;
  };
  const Module& module(const std::string& path);

  std::map<std::string, Module> modules_;
};

}  // namespace profiler::oracle
