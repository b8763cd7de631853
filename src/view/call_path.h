// A stack as a person reads it: from the outermost function to the innermost, with the kernel part
// either folded into one node ("<syscall read>", "<page fault>") or frame by frame.
//
//   CallPath path = call_path(profile, stack, {.kernel_frames = false});
//   for (const PathEntry& e : path) label(profile, e);
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "profiler/profile.h"

namespace profiler::view {

/// One step of a path: a function, or a node that stands for something else. A value: usable as
/// key.
struct PathEntry {
  enum class Kind : std::uint8_t {
    kFunction,   ///< `function` is set (user, or kernel if Function::kernel).
    kAddress,    ///< A frame without a name: `frame` is set.
    kEntry,      ///< The folded kernel part: `entry` is set, the outermost boundary.
    kWait,       ///< Time off the CPU: `wait` is set.
    kProcess,    ///< `process_name` is set.
    kThread,     ///< `thread` is set.
    kTruncated,  ///< The root of stacks whose older part was not copied: "[truncated]".
    kBroken,     ///< The root of stacks that could not be unwound to their start: "[broken]".
  };
  Kind kind = Kind::kFunction;
  bool inlined = false;  ///< The function was inlined into the one before it in the path.
  FunctionIndex function = {};
  FrameIndex frame = {};
  KernelEntry entry = {};
  StringIndex process_name = {};
  ThreadIndex thread = {};
  WaitClass wait = WaitClass::kNone;
  auto operator<=>(const PathEntry&) const = default;
};

struct PathOptions {
  bool kernel_frames = false;    ///< Frame by frame instead of one folded node.
  bool process_root = false;     ///< Begin with the process's name,
  bool thread_root = false;      ///< then with the thread.
  bool merge_recursion = false;  ///< A function that calls itself (source_function.h) is one step.
  bool wait_nodes = false;       ///< What a thread waits for is a step, the innermost.
};

using CallPath = std::vector<PathEntry>;

/// Calls `visit` with each location of a frame that names a function, outermost first: the function
/// that was compiled, then those inlined into it.
template <class Visit>
void for_each_location(const Profile& profile, FrameIndex index, Visit visit) {
  const FrameName name = index ? profile.frames[index].name : FrameName{};
  for (std::size_t i = name.count; i-- > 0;) {
    const LocationIndex location(name.first.row() + i);
    if (profile.locations.contains(location) && profile.locations[location].function)
      visit(location);
  }
}

/// The steps of one frame, outermost first: the function that was compiled, then those inlined into
/// it; a single kAddress if it has no name.
void append_frame(const Profile& profile, FrameIndex frame, CallPath& path);

/// What stands for the kernel part of a sys sample, or of a wait (Stack::wait), when it is folded.
/// Faults of all kinds are one node, so `entry.name` is not set for them. A blocked thread waits in
/// what it entered the kernel by; one that was preempted in kWait, as does one of which nothing is
/// known.
[[nodiscard]] PathEntry folded_kernel(const Profile& profile, const Stack& stack);

/// Outermost first. `process_name` is used only with process_root, `thread` with thread_root.
[[nodiscard]] CallPath call_path(const Profile& profile, const Stack& stack,
                                 const PathOptions& options, StringIndex process_name = {},
                                 ThreadIndex thread = {});

/// What stands on the innermost step of a wait where its class has a step of its own
/// (PathOptions::wait_nodes); none where folded_kernel() says it already.
[[nodiscard]] std::optional<PathEntry> wait_node(const Stack& stack);

/// Whether it stands for the kernel: what is folded, and waits.
[[nodiscard]] inline bool is_kernel_step(const PathEntry& entry) {
  return entry.kind == PathEntry::Kind::kEntry ||
         (entry.kind == PathEntry::Kind::kWait && entry.wait != WaitClass::kNotSampled);
}

/// "Arena::grow(unsigned long)", "libc.so.6+0x26c00", "<syscall read>", "<page fault>",
/// "<runnable>", "<wait lock>", "[not sampled]", "[truncated]".
[[nodiscard]] std::string label(const Profile& profile, const PathEntry& entry);

}  // namespace profiler::view
