// The lines of a tree of functions as text, in order, with the strokes that join them: what all
// trees for people have in common.
//
//   TreeLines lines(tree, style.width, [](const view::Weight& total) { return total.samples > 9;
//   }); while (auto line = lines.next()) table.row({…, tree_name(profile, tree, *line), …});
//
// A single child stands under its parent without a branch of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "profiler/profile.h"
#include "render/text_table.h"
#include "view/call_tree.h"

namespace profiler::render {

/// A node, or what is left out of its parent's children.
struct TreeLine {
  std::uint32_t node = 0;
  std::size_t rest_count = 0;  ///< Children left out; 0: the line is a node's.
  view::Weight rest;
  std::size_t depth = 0;    ///< Branches above what hangs under it.
  std::string before = {};  ///< Tree lines in front of its name.
  std::string below = {};   ///< Tree lines in front of what hangs under it.
};

class TreeLines {
 public:
  /// `is_shown`: whether a node of that total has a line of its own. `width`: of the page.
  TreeLines(const view::CallTree& tree, std::size_t width,
            std::function<bool(const view::Weight&)> is_shown);

  /// Depth first; none behind the last.
  [[nodiscard]] std::optional<TreeLine> next();
  [[nodiscard]] bool at_end() const { return pending_.empty(); }

 private:
  void push_children(const TreeLine& parent, bool is_root);

  const view::CallTree& tree_;
  std::size_t deepest_;
  std::function<bool(const view::Weight&)> is_shown_;
  std::vector<TreeLine> pending_;  ///< The next one last.
};

/// The name of a line's function and where it is declared: cells of a kName and a kPath column.
[[nodiscard]] Cell tree_name(const Profile& profile, const view::CallTree& tree,
                             const TreeLine& line);
[[nodiscard]] Cell tree_place(const Profile& profile, const view::CallTree& tree,
                              const TreeLine& line);

}  // namespace profiler::render
