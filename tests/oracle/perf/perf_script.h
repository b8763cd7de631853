// The samples of a perf.data as perf script shows them.
//
//   Result<std::vector<ShownSample>> samples = run_perf_script("perf.data");
//   samples->front().frames.front();          // the innermost frame, of the kernel if it is there
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "profiler/error.h"

namespace profiler::oracle {

struct ShownFrame {
  /// Of a file: the offset in it (perf), or as linked (ours). In the kernel, or where there is no
  /// file: as it was in memory.
  std::uint64_t address = 0;
  std::string module = {};  ///< Path; "[unknown]" where nothing is mapped.
  bool kernel = false;
};

struct ShownSample {
  std::uint64_t time = 0;
  int pid = 0;
  int tid = 0;
  std::string comm = {};
  std::vector<ShownFrame> frames = {};  ///< Innermost first.
};

/// By time and thread. Error: there is no perf, or it cannot read the file.
[[nodiscard]] Result<std::vector<ShownSample>> run_perf_script(const std::string& recording);
/// Kernels mark mappings as having a build id that have none (its size is then a device number).
/// perf 6.1 takes the size as it is, and aborts. False: there were none.
bool mend_build_ids(std::string& file);
/// What it printed with -F comm,pid,tid,time,event,ip,dso --ns.
[[nodiscard]] std::vector<ShownSample> parse_perf_script(std::string_view text);

}  // namespace profiler::oracle
