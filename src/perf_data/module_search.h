// Finds the files that a recording's processes had mapped, long after, or on another machine: by
// build id in perf's cache (~/.debug, perf-buildid-cache(1)), by path where the build id agrees.
//
//   ModuleSearch search({.sysroot = "/srv/target", .same_machine = false});
//   std::shared_ptr<const ElfFile> file = search.open(mmap_event);      // null: not to be had
//
// perf knows build ids only of files that samples hit. Others are taken where device and inode are
// the recorded ones; or else, in the sysroot or on the recording's machine, by path, and counted.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "profiler/build_id.h"
#include "profiler/event.h"
#include "symbolizer/elf/debug_files.h"
#include "symbolizer/elf/elf_file.h"

namespace profiler::perf_data {

struct ModuleSearchOptions {
  std::string sysroot = {};         ///< The root directory of the recording's machine; or empty.
  std::string build_id_cache = {};  ///< "/root/.debug"; empty: none.
  bool same_machine = false;        ///< The recording was made on this one.
};

class ModuleSearch {
 public:
  explicit ModuleSearch(ModuleSearchOptions options) : options_(std::move(options)) {}

  [[nodiscard]] std::shared_ptr<const symbolizer::ElfFile> open(const MmapEvent& event);
  /// Files taken by their path alone.
  [[nodiscard]] std::uint64_t unverified() const { return unverified_; }

  /// Where separate debug files lie, in the sysroot first.
  [[nodiscard]] static symbolizer::DebugFileSearch debug_files(const std::string& sysroot);

 private:
  ModuleSearchOptions options_;
  std::uint64_t unverified_ = 0;
};

/// DIRECTORY/.build-id/6a/1f…: in perf's cache a directory with `elf`, `vdso`, `debug` or
/// `kallsyms`; where debug files lie, with the ending ".debug", one of them.
[[nodiscard]] std::string build_id_file(const std::string& directory, const BuildId& id);
/// perf's cache of the user who runs this: $HOME/.debug; empty without $HOME.
[[nodiscard]] std::string default_build_id_cache();
/// perf pads ids shorter than 20 bytes with zeros where it has no room for their size.
[[nodiscard]] bool same_build_id(const BuildId& a, const BuildId& b);

}  // namespace profiler::perf_data
