// libunwind's remote unwinder on the same snapshots, as perf report uses it: memory from the copied
// stack and the mapped files, procedures from .eh_frame_hdr's search table, all caches on.
//
//   LibunwindUnwinder theirs(capture);
//   const std::vector<std::uint64_t>& pcs = theirs.unwind(capture.samples[0]);   // innermost first
//
// Only where libunwind-dev is installed (PROFILER_BENCH_LIBUNWIND).
#pragma once

#if PROFILER_BENCH_LIBUNWIND

#include <cstdint>
#include <memory>
#include <vector>

#include "tests/bench/captured_program.h"

namespace profiler::bench {

class LibunwindUnwinder {
 public:
  explicit LibunwindUnwinder(const Capture& capture);
  ~LibunwindUnwinder();
  LibunwindUnwinder(const LibunwindUnwinder&) = delete;
  LibunwindUnwinder& operator=(const LibunwindUnwinder&) = delete;

  [[nodiscard]] bool attached() const;
  const std::vector<std::uint64_t>& unwind(const CapturedSample& sample);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace profiler::bench

#endif
