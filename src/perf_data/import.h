// A perf.data that perf record has made, as a profile: its records down the path of a live
// recording, its symbols from what is still to be had.
//
//   Result<Profile> profile = import_perf_data({.path = "perf.data"}, nullptr);
//   for (const std::string& note : profile->run.notes) …      // what was missing or damaged
//
// Every byte is treated as hostile. What can be read of a damaged file is given, with a note.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>

#include "perf_data/input_file.h"
#include "profile/profile_writer.h"
#include "profiler/error.h"
#include "profiler/profile.h"
#include "symbolizer/elf/debug_files.h"

namespace profiler::perf_data {

struct ImportProgress {
  std::uint64_t position = 0;         ///< Bytes of the file that have been read.
  std::optional<std::uint64_t> size;  ///< None for a pipe.
  std::uint64_t samples = 0;
};

struct ImportOptions {
  /// "-": standard input, in the form that perf writes to a pipe. Or a directory that perf wrote.
  std::string path;
  std::string kallsyms = {};  ///< Kernel names to use, whatever kernel it was.
  std::string vmlinux = {};   ///< Likewise, from an image of it. `kallsyms` comes first.
  std::string sysroot = {};   ///< Where the recording machine's files lie.
  /// Where debug files lie, in the sysroot besides.
  symbolizer::DebugFileSearch debug_files = {};
  /// perf's build-id cache; "": $HOME/.debug.
  std::string build_id_cache = {};
  /// No more of each stack copy is used: what a shorter one would have given.
  std::size_t max_stack_bytes = std::numeric_limits<std::size_t>::max();
  std::function<void(const ImportProgress&)> progress = {};
};

/// With a `writer` (it outlives the call) samples go there while reading, and are no longer in the
/// result; the caller finishes it. Error: no perf.data, or nothing of it can be read.
[[nodiscard]] Result<Profile> import_perf_data(const ImportOptions& options,
                                               profile::ProfileWriter* writer);
/// The same for a file that is open already.
[[nodiscard]] Result<Profile> import_perf_data(InputFile& file, const ImportOptions& options,
                                               profile::ProfileWriter* writer);

}  // namespace profiler::perf_data
