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
#include "symbolizer/elf/build_id_note.h"
#include "symbolizer/elf/debug_files.h"
#include "symbolizer/elf/elf_file.h"

namespace profiler::perf_data {

struct ModuleSearchOptions {
  std::string sysroot = {};  ///< The root directory of the recording's machine; or empty.
  /// Where debug files and perf's cache lie. Nothing is downloaded: most mappings have no samples.
  symbolizer::DebugFileSearch debug_files = {};
  bool same_machine = false;  ///< The recording was made on this one.
};

class ModuleSearch {
 public:
  explicit ModuleSearch(ModuleSearchOptions options) : options_(std::move(options)) {}

  [[nodiscard]] std::shared_ptr<const symbolizer::ElfFile> open(const MmapEvent& event);
  /// Files taken by their path alone.
  [[nodiscard]] std::uint64_t unverified() const { return unverified_; }

 private:
  ModuleSearchOptions options_;
  std::uint64_t unverified_ = 0;
};

using symbolizer::build_id_file;
using symbolizer::same_build_id;

}  // namespace profiler::perf_data
