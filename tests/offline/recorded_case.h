// Samples of a perf.data as stack cases: all of them in order of time, each with what its process
// had mapped by then.
//
//   auto problem = for_each_sample("perf.data", [&](const RecordedSample& sample) {
//     if (sample.time_ns == wanted) sample.stack_case().write("case");
//     return true;                                     // go on
//   });
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "profiler/error.h"
#include "profiler/event.h"
#include "tests/offline/stack_case.h"

namespace profiler::test {

struct RecordedSample {
  std::uint64_t time_ns = 0;
  Pid pid = 0;
  Tid tid = 0;
  const SampleEvent& event;
  const std::vector<StackCase::MapLine>& maps;

  [[nodiscard]] StackCase stack_case() const;
};

/// Samples with user registers only. Until `visit` returns false.
Result<void> for_each_sample(const std::string& path,
                             const std::function<bool(const RecordedSample&)>& visit);

}  // namespace profiler::test
