// User stacks of a real program, sampled when a benchmark starts: registers and 32 KiB of stack,
// and the files that were mapped.
//
//   Capture capture = capture_program("xz", {"xz", "-k", "-c", "file"});
//   unwinder.unwind(capture.samples[0].snapshot(), capture.space, frames);
//
// No samples where perf_event_open is refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "process/address_space.h"
#include "symbolizer/elf/elf_file.h"
#include "unwind/unwinder.h"

namespace profiler::bench {

/// perf's: AX BX CX DX SI DI BP SP IP FLAGS CS SS R8-R15.
inline constexpr std::uint64_t kRegisterMask = 0xff0fff;
inline constexpr std::size_t kRegisterCount = 20;

struct CapturedSample {
  std::uint64_t abi = 0;
  std::vector<std::uint64_t> registers;
  std::vector<std::byte> stack;
  std::uint64_t requested = 0;

  [[nodiscard]] unwind::StackSnapshot snapshot() const {
    return {.registers = {.abi = abi, .mask = kRegisterMask, .values = registers},
            .bytes = stack,
            .requested_bytes = requested};
  }
};

struct MappedModule {
  std::string path;
  std::uint64_t start = 0;
  std::uint64_t end = 0;
  std::uint64_t offset = 0;
};

/// One program's samples, and what it had mapped by the end of them.
struct Capture {
  std::string name;
  std::vector<CapturedSample> samples;
  std::vector<MappedModule> mapped;
  std::vector<std::shared_ptr<const symbolizer::ElfFile>> files;  // by row of the module
  process::AddressSpace space;

  void add_modules(unwind::Unwinder& unwinder) const {
    for (std::size_t i = 0; i < files.size(); ++i) {
      if (files[i]) unwinder.add_module(ModuleIndex(i), files[i]);
    }
  }
};

[[nodiscard]] Capture capture_program(const std::string& name, std::vector<std::string> command);

}  // namespace profiler::bench
