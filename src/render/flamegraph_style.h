// What the frames of a flame graph look like: a hue and a mark for each kind of frame, and a shade
// of that hue for each name.
//
//   const FrameKind kind = frame_kind(profile, node.entry);
//   out += frame_class(kind, name);          // "u2": user, third shade
//   out += style_sheet() + patterns();       // once a file
//
// Kinds differ by more than colour: inlined frames are italic on a dashed base, kernel frames stand
// on a solid base, kernel entries are bold on stripes, waits are dotted, incomplete roots are
// hatched.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "profiler/profile.h"
#include "view/call_path.h"

namespace profiler::render {

enum class FrameKind : std::uint8_t {
  kProcess,     ///< The root, and the processes on it.
  kUser,        ///< A function, or code without a name.
  kInlined,     ///< A function inlined into its caller.
  kKernel,      ///< A function of the kernel.
  kEntry,       ///< All the kernel did on behalf of one entry: "<syscall read>".
  kWait,        ///< Off the CPU: "<runnable>", "<wait lock>".
  kIncomplete,  ///< "[truncated]", "[broken]".
  kMerged,      ///< Frames too narrow to draw.
};
inline constexpr int kFrameKinds = 8;
inline constexpr double kRowPitch = 18;  ///< px from one row to the next.
inline constexpr double kRowHeight = 17;

[[nodiscard]] FrameKind frame_kind(const Profile& profile, const view::PathEntry& entry);

/// For the legend: "kernel, by entry".
[[nodiscard]] std::string_view legend(FrameKind kind);

/// The class attribute: the kind's letter, and the shade that belongs to `name`.
[[nodiscard]] std::string frame_class(FrameKind kind, std::string_view name);

/// Rules for the picture in light and, where the viewer asks for it, dark.
[[nodiscard]] std::string style_sheet();

/// Frames coloured by how they changed: red for more, blue for less, grey for nothing beyond
/// chance. `part`: of the largest change in the picture, -1 to 1; 0: none.
[[nodiscard]] std::string change_class(double part);
/// The rules of those classes.
[[nodiscard]] std::string change_style_sheet();

/// The <pattern> elements that the rules refer to.
[[nodiscard]] std::string patterns();

/// "#rrggbb" of a frame's ground and of the text on it.
[[nodiscard]] std::string ground_color(FrameKind kind, int shade, bool dark);
[[nodiscard]] std::string_view text_color(bool dark);
inline constexpr int kShades = 5;

}  // namespace profiler::render
