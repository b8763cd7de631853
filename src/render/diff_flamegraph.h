// A differential flame graph: a flame graph of one recording, coloured by what changed since
// another.
//
//   view::DiffTree tree = view::diff_tree(joined, {}, {});
//   std::string svg = render::diff_flamegraph(joined.profile, tree, {.old_path = "old.data", …});
//
// Widths are those after; red frames, marked ▲, have a larger share than before, blue ones, marked
// ▼, a smaller one, grey ones changed by no more than chance. Frames that are gone have no width:
// they are counted in the header, and seen in the picture of the swapped comparison (`gone`).
#pragma once

#include <cstdint>
#include <string>

#include "profiler/profile.h"
#include "view/diff_tree.h"

namespace profiler::render {

struct DiffFlamegraphOptions {
  std::string title = {};  ///< Empty: "OLD → NEW".
  std::string old_path = {};
  std::string new_path = {};
  std::string selection = {};
  bool same_event = true;   ///< Else seconds of the one are none of the other.
  std::uint16_t event = 0;  ///< Row of Run::events that the samples after belong to.
  /// The comparison is swapped: what is called after is the old recording. Colours and signs are
  /// still of what the new one did.
  bool gone = false;
};

/// `profile`: the joined one.
[[nodiscard]] std::string diff_flamegraph(const Profile& profile, const view::DiffTree& diff,
                                          const DiffFlamegraphOptions& options);

}  // namespace profiler::render
