// Where a recording's processes have left the names of the code that they generated.
//
//   Pipeline pipeline({.generated_code = {.live = false, .elsewhere = true}}, nullptr);
#pragma once

#include <cstdint>

namespace profiler::pipeline {

struct GeneratedCodeFiles {
  /// The processes are on this machine now. Else, what they have left in /tmp is all there is.
  bool live = true;
  /// They were on another machine: nothing here is theirs.
  bool elsewhere = false;
  /// Times are CLOCK_MONOTONIC, as in jitdumps.
  bool monotonic = true;
  /// When a recording of the past ended (CLOCK_REALTIME): later files are not its. 0: not known.
  std::uint64_t ended_unix_ns = 0;
};

}  // namespace profiler::pipeline
