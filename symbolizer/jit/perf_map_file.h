// A perf-PID.map as a file: opened with perf's precautions, since anybody may put one into /tmp.
//
//   auto map = PerfMapFile::open(tmp_directory, 1234, {user_of_the_process});
//   if (!map) return map.error();                     // not there, a FIFO, somebody else's
//   auto names = (*map)->names(sorted_addresses);     // as the file is now
//
// It stays readable when it is deleted, and when the directory (of a container) goes away. The file
// must be a regular one, no link, and belong to root, to the user who runs this or to the
// process's own. A file that is written over while it is read is read once more, then refused.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "profiler/address.h"
#include "profiler/error.h"

namespace symbolizer {

/// What has to be true of a map to be that process's.
struct PerfMapConditions {
  std::optional<uid_t> owner = {};  ///< Trusted besides root and us: the process's user.
  /// Last written before that: it was left behind by an earlier process of that number.
  /// CLOCK_REALTIME.
  std::uint64_t written_after_ns = 0;
  /// Made after that: by a later process of that number. 0: no such limit.
  std::uint64_t made_before_ns = 0;
};

class PerfMapFile {
 public:
  /// Of a larger file, the end is read.
  static constexpr std::uint64_t kMaxBytes = std::uint64_t{256} << 20;

  /// `directory`: a descriptor of where it lies (O_PATH will do). `pid`: as the process sees
  /// itself.
  static profiler::Result<std::unique_ptr<PerfMapFile>> open(int directory, std::int32_t pid,
                                                             const PerfMapConditions& conditions);
  ~PerfMapFile();
  PerfMapFile(const PerfMapFile&) = delete;
  PerfMapFile& operator=(const PerfMapFile&) = delete;

  /// As find_in_perf_map.
  [[nodiscard]] profiler::Result<std::vector<std::string>> names(
      std::span<const profiler::RuntimeAddress> sorted) const;

 private:
  PerfMapFile(int descriptor, std::string name) : descriptor_(descriptor), name_(std::move(name)) {}

  int descriptor_;
  std::string name_;
};

}  // namespace symbolizer
