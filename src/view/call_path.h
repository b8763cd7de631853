// A stack as a person reads it: from the outermost function to the innermost, with the kernel part
// either folded into one node ("<syscall read>", "<page fault>") or frame by frame.
//
//   CallPath path = call_path(profile, stack, {.kernel_frames = false});
//   for (const PathEntry& e : path) label(profile, e);
#pragma once

#include <compare>
#include <cstdint>
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
    kProcess,    ///< `process_name` is set.
    kTruncated,  ///< The root of stacks whose older part was not copied: "[truncated]".
    kBroken,     ///< The root of stacks that could not be unwound to their start: "[broken]".
  };
  Kind kind = Kind::kFunction;
  bool inlined = false;  ///< The function was inlined into the one before it in the path.
  FunctionIndex function = {};
  FrameIndex frame = {};
  KernelEntry entry = {};
  StringIndex process_name = {};
  auto operator<=>(const PathEntry&) const = default;
};

struct PathOptions {
  bool kernel_frames = false;  ///< Frame by frame instead of one folded node.
  bool process_root = false;   ///< Begin with the process's name.
  bool merge_recursion = false;
};

using CallPath = std::vector<PathEntry>;

/// The steps of one frame, outermost first: the function that was compiled, then those inlined into
/// it; a single kAddress if it has no name.
void append_frame(const Profile& profile, FrameIndex frame, CallPath& path);

/// What stands for the kernel part of a sys sample when it is folded. Faults of all kinds are one
/// node, so `entry.name` is not set for them.
[[nodiscard]] PathEntry folded_kernel(const Profile& profile, const Stack& stack);

/// Outermost first. `process_name` is used only with process_root.
[[nodiscard]] CallPath call_path(const Profile& profile, const Stack& stack,
                                 const PathOptions& options, StringIndex process_name = {});

/// "Arena::grow(unsigned long)", "libc.so.6+0x26c00", "<syscall read>", "<page fault>",
/// "[truncated]".
[[nodiscard]] std::string label(const Profile& profile, const PathEntry& entry);

}  // namespace profiler::view
