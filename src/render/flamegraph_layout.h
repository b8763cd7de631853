// Where each frame of a flame graph lies: a call tree as rows of boxes. Arithmetic only; knows no
// SVG and no names but their lengths.
//
//   FlameLayout layout = flame_layout(tree, {.width = 1180}, [&](const TreeNode& n) { return 120;
//   }); for (const FlameBox& box : layout.boxes) rect(box.x, box.row, box.width);
//
// The boxes of one row do not overlap, and each lies within its parent's, which it precedes.
// Weight is time on the CPU and waits, as many of both as the tree has. Siblings stand heaviest
// first; what is right of them is the parent's own time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "view/call_tree.h"

namespace profiler::render {

struct FlameBox {
  std::uint32_t node = 0;    ///< In CallTree::nodes; of a merged box: the parent.
  std::uint32_t row = 0;     ///< 0: the root.
  std::uint32_t merged = 0;  ///< Not 0: stands for so many siblings too narrow to draw.
  double x = 0;
  double width = 0;
  view::Weight weight;
};

struct FlameLayout {
  std::vector<FlameBox> boxes;  ///< Depth first, in the order they are drawn.
  std::uint32_t rows = 0;
  std::size_t frames_left_out = 0;  ///< Of the tree, with all that lies below them.
  double area_left_out = 0;         ///< Their share of all frames' area, 0 to 1.
  double narrowest = 0;             ///< Width from which on all frames are drawn.
  std::size_t tower_left_out = 0;   ///< Of them, those that stand in a tower (tall_rows).
};

struct FlameLayoutOptions {
  double width = 1180;
  double min_width = 0.1;
  std::size_t size_limit = 0;  ///< On the sum of the costs of frames under 2 px; 0: none.
  /// Above so many rows, frames narrower than tower_width px are not drawn, nor twice as high up
  /// those of four times that, and so on up to a quarter of the picture: a few samples deep in a
  /// recursion would make it many times as high as what there is to be seen in it.
  std::uint32_t tall_rows = 150;
  double tower_width = 12;
};

/// `cost` is what drawing a node costs, in the unit of size_limit. A tree without weight gives no
/// boxes.
[[nodiscard]] FlameLayout flame_layout(
    const view::CallTree& tree, const FlameLayoutOptions& options,
    const std::function<std::size_t(const view::TreeNode&)>& cost);

}  // namespace profiler::render
