// Time off the CPU: waits, what they were for, and each thread's account of its time. Written and
// read by src/profile, filled by src/pipeline, looked at by src/view. A part of Profile.
//
//   for (const Wait& wait : profile.waits)
//     wait.ns, wait.stack                 // how long, and where the thread left its CPU
//
// Durations are exact: they are the time between two context switches. Stacks are sampled. Times
// are in nanoseconds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "profiler/duration_histogram.h"
#include "profiler/row_index.h"

namespace profiler {

/// What a thread off its CPU is waiting for.
enum class WaitClass : std::uint8_t {
  kNone,        ///< It is no wait.
  kRunnable,    ///< For a CPU: it was preempted, or is new.
  kLock,        ///< A futex, or a lock of the kernel's own.
  kSleep,       ///< A time to pass, and nothing else.
  kPoll,        ///< Any of several files: poll, select, epoll.
  kPipe,        ///< Bytes or room in a pipe or FIFO.
  kSocket,      ///< Likewise of a socket; a connection.
  kTerminal,    ///< A terminal or pseudo-terminal.
  kDisk,        ///< A file's pages, or a block device.
  kChild,       ///< A child's end, or that of vfork's.
  kStopped,     ///< To be let go on: stopped by a signal, traced, frozen.
  kOther,       ///< None of these.
  kNotSampled,  ///< Not known: it was blocked, and no stack of the wait was taken.
};
inline constexpr std::size_t kWaitClasses = static_cast<std::size_t>(WaitClass::kNotSampled) + 1;

/// "lock", "not sampled", …: as tables show it; with '_' for ' ' in JSON.
[[nodiscard]] constexpr std::string_view name(WaitClass wait) {
  switch (wait) {
    case WaitClass::kNone:
      return "none";
    case WaitClass::kRunnable:
      return "runnable";
    case WaitClass::kLock:
      return "lock";
    case WaitClass::kSleep:
      return "sleep";
    case WaitClass::kPoll:
      return "poll";
    case WaitClass::kPipe:
      return "pipe";
    case WaitClass::kSocket:
      return "socket";
    case WaitClass::kTerminal:
      return "terminal";
    case WaitClass::kDisk:
      return "disk";
    case WaitClass::kChild:
      return "child";
    case WaitClass::kStopped:
      return "stopped";
    case WaitClass::kOther:
      return "other";
    case WaitClass::kNotSampled:
      return "not sampled";
  }
  return "other";
}

/// One wait of a thread; or several of them, that began within 10 ms, were of about the same length
/// and of which no stack was taken: those of most threads that wait often.
struct Wait {
  std::uint64_t time_ns = 0;  ///< When the first began, since Run::start_monotonic_ns.
  std::uint64_t ns = 0;       ///< All together.
  std::uint32_t count = 1;
  ThreadIndex thread;
  StackIndex stack;       ///< Where the thread left its CPU; none: not sampled.
  StackIndex waker;       ///< Who ended the wait; none: not sampled.
  bool runnable = false;  ///< It could have gone on (WaitClass::kRunnable).
  bool operator==(const Wait&) const = default;
};

/// What one thread did with its time, from its first to its last moment in the recording. Exact:
/// from context switches, none of it sampled.
///
///   on_cpu + blocked + runnable + unknown = last - first
struct ThreadSchedule {
  ThreadIndex thread;
  std::uint64_t first_ns = 0;  ///< Since Run::start_monotonic_ns.
  std::uint64_t last_ns = 0;   ///< Likewise.
  std::uint64_t on_cpu_ns = 0;
  std::uint64_t blocked_ns = 0;
  std::uint64_t runnable_ns =
      0;                         ///< Off the CPU though it could have run, as far as that is known.
  std::uint64_t unknown_ns = 0;  ///< Records of it were lost.
  std::uint64_t voluntary = 0;   ///< Switches away because it waited.
  std::uint64_t preempted = 0;   ///< Switches away though it could have gone on.
  std::uint64_t migrations = 0;  ///< Switches onto another CPU than the one it left.
  std::uint64_t longest_delay_ns = 0;
  /// How long it waited for a CPU each time: when preempted and when new; after being woken too
  /// where wake-ups were recorded.
  DurationHistogram delays;
  bool operator==(const ThreadSchedule&) const = default;
};

/// How far waiting was recorded.
enum class WaitCoverage : std::uint8_t {
  kNone,       ///< Not at all.
  kDurations,  ///< How long, but not where.
  kStacks,     ///< With stacks, as many as their rate permits.
};

}  // namespace profiler
