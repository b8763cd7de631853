// The beginning of perf.data: which form it has, where its records lie and, in the file form, the
// attributes and features that stand around them.
//
//   RecordingInfo info;
//   Result<RecordRange> range = read_header(file, info);   // the file's position: the first record
//   RecordStream records(file, range->end);
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "perf_data/input_file.h"
#include "perf_data/recording_info.h"
#include "profiler/error.h"

namespace profiler::perf_data {

struct RecordRange {
  bool pipe = false;       ///< Attributes and features come as records.
  bool directory = false;  ///< More records may be in files beside it (thread_files.h).
  std::uint64_t end = 0;   ///< Of the records.
  /// What the header promises and the file does not hold, a line each.
  std::vector<std::string> notes;
};

/// Error: no perf.data, of the other byte order, or not even its header is whole.
[[nodiscard]] Result<RecordRange> read_header(InputFile& file, RecordingInfo& info);

/// The path itself; of a directory that perf has written (--threads, --kcore), the file `data` in
/// it.
[[nodiscard]] std::string file_with_header(const std::string& path);

/// Whether it is a regular file, or such a directory, that begins as perf.data does, in either byte
/// order.
[[nodiscard]] bool is_perf_data(const std::string& path);

}  // namespace profiler::perf_data
