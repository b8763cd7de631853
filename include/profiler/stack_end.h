// Why a user stack walk stopped: the words "complete", "truncated" and "broken" of every report.
#pragma once

#include <cstdint>
#include <string_view>

namespace profiler {

/// How far a user stack was followed, and why no further. Stored with each stack.
enum class StackEnd : std::uint8_t {
  // Complete: it ends where its thread began.
  kUndefinedReturnAddress,  ///< CFI marks the return address undefined: _start, clone3.
  kThreadRoot,              ///< A known thread root of a runtime.
  kNoUserStack,             ///< Nothing to unwind: a kernel thread, or user space not yet entered.
  // Truncated: the bytes it needed lie inside the stack but beyond those that were copied.
  kDumpTooShort,
  kPageNotPresent,  ///< The kernel stopped copying at a page that was not present.
  // Broken: neither.
  kNoMapping,           ///< The program counter lies in no known mapping.
  kNoUnwindInfo,        ///< Neither CFI nor a plausible frame pointer at this address.
  kBadUnwindInfo,       ///< The CFI there is malformed or uses what the unwinder does not do.
  kBadFramePointer,     ///< The frame-pointer chain failed its checks.
  kStackNotRising,      ///< The next frame's stack pointer does not lie above this one's.
  kMemoryOutsideStack,  ///< A rule read memory outside the thread's stack.
  /// Truncated: the limit on frames was reached, ours or the kernel's
  /// (kernel.perf_event_max_stack).
  kTooManyFrames,
  kAlternateStack,  ///< A signal frame whose interrupted stack was not copied.
  kUnsupported,     ///< 32-bit registers, or an architecture this build cannot unwind.
  kNotUnwound,      ///< Call graphs were off for this recording.
  kKernelWalk,      ///< The kernel followed frame pointers; how far it got cannot be told.
  /// Complete: the copy was too short, and the outer frames are those of another stack of the
  /// same thread (pipeline/stack_history.h).
  kJoined,
};
inline constexpr int kStackEndCount = static_cast<int>(StackEnd::kJoined) + 1;

enum class Completeness : std::uint8_t { kComplete, kTruncated, kBroken };

constexpr Completeness completeness(StackEnd end) {
  switch (end) {
    case StackEnd::kUndefinedReturnAddress:
    case StackEnd::kThreadRoot:
    case StackEnd::kNoUserStack:
    case StackEnd::kNotUnwound:
    case StackEnd::kKernelWalk:
    case StackEnd::kJoined:
      return Completeness::kComplete;
    case StackEnd::kDumpTooShort:
    case StackEnd::kPageNotPresent:
    case StackEnd::kTooManyFrames:
      return Completeness::kTruncated;
    default:
      return Completeness::kBroken;
  }
}

/// For reports and JSON: "no unwind information".
constexpr std::string_view name(StackEnd end) {
  switch (end) {
    case StackEnd::kUndefinedReturnAddress:
      return "reached the start of its thread";
    case StackEnd::kThreadRoot:
      return "reached a thread root";
    case StackEnd::kNoUserStack:
      return "no user stack";
    case StackEnd::kDumpTooShort:
      return "stack copy too short";
    case StackEnd::kPageNotPresent:
      return "stack page not present";
    case StackEnd::kNoMapping:
      return "address in no known mapping";
    case StackEnd::kNoUnwindInfo:
      return "no unwind information";
    case StackEnd::kBadUnwindInfo:
      return "bad unwind information";
    case StackEnd::kBadFramePointer:
      return "bad frame pointer";
    case StackEnd::kStackNotRising:
      return "stack pointer did not rise";
    case StackEnd::kMemoryOutsideStack:
      return "read outside the stack";
    case StackEnd::kTooManyFrames:
      return "too many frames";
    case StackEnd::kAlternateStack:
      return "interrupted stack not copied";
    case StackEnd::kUnsupported:
      return "unsupported registers";
    case StackEnd::kNotUnwound:
      return "call graphs off";
    case StackEnd::kKernelWalk:
      return "end of the kernel's frame-pointer walk";
    case StackEnd::kJoined:
      return "completed from another sample";
  }
  return "unknown";
}

}  // namespace profiler
