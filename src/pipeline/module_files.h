// The modules of a recording: each mapped file opened when it is first seen, so that its unwind
// tables and names are at hand even if it is deleted or replaced later.
//
//   ModuleFiles modules(profile, interner);
//   ModuleFiles::Place place = modules.resolve(mmap_event);
//   space.map({start, end, place.module, place.bias});
//   modules.file(place.module);                      // null if it could not be opened
//
// One row of Profile::modules for each distinct file (path and build id), however many processes
// map it. Reads files through symbolizer::ElfFile only.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "pipeline/interner.h"
#include "pipeline/live_module.h"
#include "pipeline/process_files.h"
#include "pipeline/row_set.h"
#include "profiler/event.h"
#include "profiler/profile.h"
#include "symbolizer/elf/debug_files.h"
#include "symbolizer/elf/elf_file.h"

namespace profiler::pipeline {

class ModuleFiles {
 public:
  /// Where a mapping's addresses belong.
  struct Place {
    ModuleIndex module;
    std::uint64_t bias = 0;  ///< As in process::Mapping.
  };

  using FilePointer = std::shared_ptr<const symbolizer::ElfFile>;
  /// Finds the file that was mapped, or null; asked once for each distinct path and build id.
  using Opener = std::function<FilePointer(const MmapEvent&)>;

  /// `opener`: empty for what this machine maps now.
  ModuleFiles(Profile& profile, Interner& interner, Opener opener = {})
      : profile_(profile), interner_(interner), opener_(std::move(opener)) {}

  Place resolve(const MmapEvent& event);
  /// The row for kernel code, made on first use.
  ModuleIndex kernel();
  /// What that row says of the kernel.
  void set_kernel_build_id(const BuildId& build_id);
  /// The row for addresses that lie in no mapping, made on first use.
  ModuleIndex unmapped();
  /// A row of its own for generated code (kAnonymous, kJitDump), whatever others there are of that
  /// name.
  ModuleIndex add_generated(std::string_view name, ModuleKind kind);
  /// Whether a mapping of that module is memory of no file.
  [[nodiscard]] bool is_anonymous(ModuleIndex module) const {
    return profile_.modules[module].kind == ModuleKind::kAnonymous;
  }
  /// Opens what the profile's own module rows name, where the build ids agree: for a recording
  /// that was cut off before its names were resolved.
  void reopen();
  /// The same for a profile that is whole, long after: only what has a build id, and where the path
  /// has another file, its debug file.
  void reopen_by_build_id(const symbolizer::DebugFileSearch& debug_files);
  /// Finds debug files of those that have frames but could not be opened. Their frames' addresses
  /// become those of the module.
  void open_missing(const symbolizer::DebugFileSearch& debug_files);

  [[nodiscard]] std::shared_ptr<const symbolizer::ElfFile> file(ModuleIndex module) const;
  /// What became of a file, if it is no longer what was mapped.
  struct Remark {
    std::string text;          ///< "was replaced while it ran"
    bool from_memory = false;  ///< Its exported functions have names at least.
  };
  [[nodiscard]] const Remark* remark(ModuleIndex module) const;
  /// Where debug files lie for a process that has a root of its own, under a path that leads there
  /// even if the process is gone; "" for others.
  [[nodiscard]] std::string debug_directory(ModuleIndex module) const;
  /// Mapped files that could not be opened, or were another file by then.
  [[nodiscard]] std::uint64_t unreadable() const { return unreadable_; }

 private:
  struct Known {
    ModuleIndex module;
    FilePointer file;
  };

  ModuleIndex add(std::string_view path, const BuildId& build_id, ModuleKind kind,
                  FilePointer file);
  [[nodiscard]] LiveModule open(const MmapEvent& event) const;
  void keep_debug_directory(Pid pid, ModuleIndex module);
  [[nodiscard]] FilePointer open_vdso(const MmapEvent& event) const;

  Profile& profile_;
  Interner& interner_;
  Opener opener_;
  std::unordered_map<std::string, Known> by_identity_;
  RowSet rows_;                     ///< Of Profile::modules.
  std::vector<FilePointer> files_;  ///< By row of Profile::modules.
  ModuleIndex kernel_;
  BuildId kernel_build_id_;
  ModuleIndex unmapped_;
  std::uint64_t unreadable_ = 0;
  static constexpr std::size_t kMaxRoots = 128;
  std::unordered_map<std::uint32_t, Remark> remarks_;
  /// Debug directories of processes' roots, and of modules.
  std::map<std::pair<dev_t, ino_t>, std::shared_ptr<const OpenDirectory>> roots_;
  std::unordered_map<std::uint32_t, std::shared_ptr<const OpenDirectory>> debug_directories_;
};

}  // namespace profiler::pipeline
