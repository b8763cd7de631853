// Code that no file has: what a just-in-time compiler has written into memory. Each program (a
// process between two execs) has module rows of its own for it, since the same address is other
// code in another process; its names are what the program says of it, in /tmp/perf-PID.map or in a
// jitdump, which it maps so that we hear of it. What a jitdump knows is placed by position there:
// of code that comes and goes, a sample gets what was there at its time.
//
//   GeneratedCode code(profile, interner, module_files, {.live = true});
//   if (code.on_mapped(process, mmap_event)) return;     // a jitdump: no code of anybody's
//   GeneratedCode::Place place = code.place(process, mapped_module, address, now_ns);
//   code.on_exit(process);                            // its map can no longer be found through it
//   auto names = code.names(module, sorted_addresses);   // at the end; one for each address
//
// Map files are opened when a process is first seen in such code, and kept open (a bounded number):
// a container's are gone with it.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "pipeline/generated_code_files.h"
#include "pipeline/interner.h"
#include "pipeline/module_files.h"
#include "pipeline/process_files.h"
#include "process/process_table.h"
#include "profiler/profile.h"
#include "profiler/symbol.h"
#include "symbolizer/jit/jitdump.h"
#include "symbolizer/jit/perf_map_file.h"

namespace profiler::pipeline {

class GeneratedCode {
 public:
  /// Map files that are kept open; and directories.
  static constexpr std::size_t kMaxOpen = 128;

  struct Place {
    ModuleIndex module;
    std::uint64_t address = 0;  ///< In the space that the module's kind says.
  };

  GeneratedCode(Profile& profile, Interner& interner, ModuleFiles& modules,
                GeneratedCodeFiles files)
      : profile_(profile), interner_(interner), modules_(modules), files_(files) {}

  /// Where code lies that the address space has in `mapped`, a module of kind kAnonymous.
  Place place(const process::ProcessState& process, ModuleIndex mapped, std::uint64_t address,
              std::uint64_t time_ns);
  /// True: a file in which the process will tell of its code.
  bool on_mapped(const process::ProcessState& process, const MmapEvent& event);
  /// All its threads have ended.
  void on_exit(const process::ProcessState& process);

  /// One for each address, with no function where nothing is known. `sorted`: rising, in the space
  /// that the module's kind says.
  [[nodiscard]] std::vector<SourceFrame> names(ModuleIndex module,
                                               std::span<const std::uint64_t> sorted);
  /// The name of the program whose code it is.
  [[nodiscard]] std::string program(ModuleIndex module) const;
  /// Why code of this module has no names, or what would give it some. "": nothing is known.
  [[nodiscard]] std::string why_unnamed(ModuleIndex module) const;

 private:
  /// A process between two execs.
  struct Key {
    std::uint64_t incarnation = 0;
    std::uint32_t execs = 0;
    auto operator<=>(const Key&) const = default;
  };

  struct Program {
    Pid pid = 0;
    std::string name;
    std::string_view advice;
    bool seen = false;          ///< A sample was in its code; else only in that of its children.
    Program* parent = nullptr;  ///< It was forked from that, and runs its code.
    std::map<std::uint32_t, ModuleIndex> modules;  ///< By row of the one that was mapped.
    ProcessIdentity identity;
    std::shared_ptr<const OpenDirectory> tmp;
    std::unique_ptr<symbolizer::PerfMapFile> map;
    std::string refusal;      ///< Of the map, where there is one.
    bool names_code = false;  ///< A map or a dump was there.
    std::uint64_t next_try_ns = 0;
    std::uint64_t pause_ns = 0;
    std::unique_ptr<symbolizer::JitDump> dump;
    std::optional<symbolizer::JitDump::Replay> replay;
    std::uint64_t dump_read_ns = 0;
    ModuleIndex dump_module;
    /// When code was run of which the dump had not told yet, since it is written through a buffer.
    std::unordered_map<std::uint64_t, std::uint64_t> last_run_ns;
  };

  Program& program_of(const process::ProcessState& process);
  Program& new_program(const Key& key, Pid pid, const std::string& name);
  /// One descriptor for each directory that there is.
  std::shared_ptr<const OpenDirectory> shared(std::shared_ptr<const OpenDirectory> found);
  [[nodiscard]] std::string_view advice_for(const process::ProcessState& process) const;
  [[nodiscard]] std::unique_ptr<symbolizer::PerfMapFile> open_map(Program& program);
  void keep_map(Program& program);
  [[nodiscard]] ModuleIndex new_row(Program& program, const std::string& name, ModuleKind kind);
  /// The position in the program's jitdump, if it tells of that address.
  std::optional<std::uint64_t> position(Program& program, std::uint64_t address,
                                        std::uint64_t time_ns) const;
  // Where a name is still missing:
  void find_in_map(Program& program, std::span<const RuntimeAddress> sorted,
                   std::vector<SourceFrame>& names);
  /// By the times at which `runner` ran it.
  void find_in_dump(const Program& program, const Program& runner,
                    std::span<const RuntimeAddress> sorted, std::vector<SourceFrame>& names) const;

  Profile& profile_;
  Interner& interner_;
  ModuleFiles& modules_;
  GeneratedCodeFiles files_;
  std::map<Key, Program> programs_;
  std::unordered_map<std::uint32_t, Program*> by_module_;  ///< By row of what modules_ was given.
  std::vector<std::shared_ptr<const OpenDirectory>> directories_;
  std::shared_ptr<const OpenDirectory> own_tmp_;
  std::size_t open_files_ = 0;
};

}  // namespace profiler::pipeline
