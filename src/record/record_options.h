// What to record and how, checked once and then immutable. Filled in by src/cli.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "profiler/event.h"
#include "profiler/profile.h"
#include "record/event_name.h"

namespace profiler::record {

enum class CallGraph : std::uint8_t {
  kDwarf,         ///< User registers and a copy of the stack.
  kFramePointer,  ///< The kernel walks frame pointers in user mode too.
  kNone,
};

struct RecordOptions {
  Scope scope = Scope::kProgram;
  std::vector<std::string> command;  ///< kProgram; for other scopes: run it, and stop when it ends.
  std::vector<Pid> pids;             ///< kProcesses
  std::vector<Tid> tids;             ///< kThreads
  std::vector<std::uint32_t> cpus;   ///< kCpus
  std::string cgroup;                ///< kCgroup: path below the cgroup mount
  std::string user;                  ///< Run the command as this user; empty: as we are.

  std::vector<NamedEvent> events;  ///< -e; none: cycles if there is a PMU, else cpu-clock.
  std::uint64_t frequency_hz = 999;
  bool frequency_given = false;  ///< -F: instead of NamedEvent::usual_period().
  std::uint64_t period = 0;      ///< -c: of all events, in their units; 0: not given.
  CallGraph call_graph = CallGraph::kDwarf;
  std::uint32_t stack_bytes = 32768;  ///< Of each dump: a multiple of 8, at most 65528.
  /// Larger dumps take over when too many of these are too short (truncation_watch.h). Not where
  /// the user has chosen the size.
  bool stack_may_grow = true;
  /// Context switches, and the stacks at which threads leave their CPUs.
  WaitCoverage waits = WaitCoverage::kNone;
  bool wakers = false;  ///< Who ends waits too. Needs raw_data.
  /// Samples have a place for raw data, which events of others that share their rings fill in
  /// (observer.h).
  bool raw_data = false;
  std::uint64_t ring_bytes = 0;  ///< -m, per CPU; 0: sized in time (at least 250 ms at full rate).
  std::optional<std::chrono::nanoseconds> duration;
  std::optional<std::uint64_t> max_file_bytes;
  /// Per-CPU events kept to the target, or events that follow fork; none: whichever is permitted.
  std::optional<Coverage> coverage;

  /// Bytes of the profile file so far, for max_file_bytes: ProfileWriter::bytes_written(). Called
  /// where the pipeline runs, so it may look at what the pipeline writes to.
  std::function<std::uint64_t()> file_bytes;
  /// For -v: one line each about what was opened and why. Called on record()'s thread.
  std::function<void(std::string_view)> log;
};

}  // namespace profiler::record
