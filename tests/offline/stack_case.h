// One stopped thread in a folder: what was mapped, its registers, the bytes of its stack. Written
// by cut_case and by tests/oracle/gdb_snapshot.py, walked here by the unwinder of the program.
//
//   Result<StackCase> stack_case = StackCase::read("tests/offline/signal_frame");
//   CaseWalk walk(*stack_case, sparse_modules("tests/offline/signal_frame"));
//   Chain chain = walk.run();
//   text(chain);                // "libc.so.6+0x3c050 instruction\n…\nend: reached the start of
//   …\n"
//
// The folder's files are described in tests/offline/README.md.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/interner.h"
#include "pipeline/module_files.h"
#include "process/process_table.h"
#include "profiler/address.h"
#include "profiler/error.h"
#include "profiler/stack_end.h"
#include "unwind/unwinder.h"

namespace profiler::test {

struct StackCase {
  /// Something that was mapped, or a new program: what was mapped before is gone.
  struct MapLine {
    bool exec = false;
    RuntimeAddress start;
    RuntimeAddress end;
    FileOffset offset;
    std::string path;
  };
  static constexpr std::size_t kRegisters = 24;  ///< PERF_REG_X86_64_MAX

  std::vector<MapLine> maps;  ///< Executable ones, in order of time: later ones cover earlier.
  std::array<std::optional<std::uint64_t>, kRegisters> registers;  ///< By perf's numbers.
  std::vector<std::byte> stack;                                    ///< From the stack pointer up.
  std::uint64_t stack_requested = 0;  ///< More than there is: the copy ended early.

  static Result<StackCase> read(const std::string& folder);
  void write(const std::string& folder) const;
};

struct ChainFrame {
  std::string module;         ///< Last part of its path; empty: in no mapping.
  std::uint64_t address = 0;  ///< In the module; where that is empty, in the process.
  AddressKind kind = AddressKind::kInstruction;
  RuntimeAddress at;
  ModuleIndex module_index = {};

  [[nodiscard]] std::string place() const;  ///< "libc.so.6+0x27249"
};

struct Chain {
  std::vector<ChainFrame> frames;  ///< Innermost first.
  StackEnd end{};
};

/// A line a frame, then the end. With `repeats`, equal frames in a row are one line "… x100".
[[nodiscard]] std::string text(const Chain& chain, bool repeats = true);

/// The folder's NAME.sparse files, restored, as modules.
[[nodiscard]] pipeline::ModuleFiles::Opener sparse_modules(const std::string& folder);

/// The unwinder at work on a case, with modules resolved as those of a recording are.
class CaseWalk {
 public:
  /// `opener`: empty for the files that this machine has at those paths.
  CaseWalk(const StackCase& stack_case, pipeline::ModuleFiles::Opener opener);

  /// Each run finds more rules in the cache.
  Chain run();
  /// Where an address of the process lies, as ChainFrame::place() has it.
  [[nodiscard]] std::string place_of(RuntimeAddress address) const;
  /// The same of a byte of a file, or of an address where no file is mapped under that path.
  [[nodiscard]] std::string place_of(std::string_view path, FileOffset offset) const;
  [[nodiscard]] std::shared_ptr<const symbolizer::ElfFile> file(ModuleIndex module) const {
    return modules_.file(module);
  }
  [[nodiscard]] const unwind::UnwindStatistics& statistics() const {
    return unwinder_.statistics();
  }
  [[nodiscard]] std::string module_path(ModuleIndex module) const {
    return std::string(profile_.text(profile_.modules[module].path));
  }

 private:
  static constexpr Pid kPid = 1;
  [[nodiscard]] ChainFrame chain_frame(const unwind::UserFrame& frame) const;

  const StackCase& case_;
  Profile profile_;
  pipeline::Interner interner_{profile_};
  pipeline::ModuleFiles modules_;
  process::ProcessTable processes_;
  unwind::Unwinder unwinder_{unwind::Architecture::kX86_64};
};

/// The last part of a path; "[vdso]" as it is.
[[nodiscard]] std::string module_name(std::string_view path);
/// The file that a module is kept in: "libc.so.6.sparse", "vdso.sparse".
[[nodiscard]] std::string sparse_name(std::string_view path);

}  // namespace profiler::test
