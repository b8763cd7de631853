#include "render/flamegraph_layout.h"

#include <algorithm>
#include <cmath>

namespace profiler::render {
namespace {

constexpr std::uint32_t kRoot = 0;

constexpr double kAlwaysDrawn = 2;  ///< px

/// Weights are those on and off the CPU together: a tree without waits has none of the latter.
/// The least weight that is drawn. Weights never rise from a node to its child, so what is drawn
/// is a tree again.
std::uint64_t least_weight(const view::CallTree& tree, const FlameLayoutOptions& options,
                           const std::function<std::size_t(const view::TreeNode&)>& cost) {
  const auto total = static_cast<double>(tree.nodes[kRoot].total.wall());
  const double by_width = std::ceil(options.min_width / options.width * total);
  std::uint64_t least =
      by_width >= total ? tree.nodes[kRoot].total.wall() : static_cast<std::uint64_t>(by_width);
  least = std::max<std::uint64_t>(least, 1);
  if (options.size_limit == 0) return least;

  std::vector<const view::TreeNode*> heaviest;
  for (const view::TreeNode& node : tree.nodes)
    if (node.total.wall() >= least) heaviest.push_back(&node);
  std::ranges::sort(heaviest, std::ranges::greater(),
                    [](const view::TreeNode* n) { return n->total.wall(); });
  // Nodes of equal weight are drawn all or none: which of them fit must not depend on their order.
  std::size_t size = 0;
  for (const view::TreeNode* node : heaviest) {
    size += cost(*node);
    if (size <= options.size_limit) continue;
    // What can be pointed at is drawn, however large the picture becomes: all of a deep stack, say.
    const auto wide = static_cast<std::uint64_t>(std::ceil(kAlwaysDrawn / options.width * total));
    return std::max(least, std::min(node->total.wall() + 1, wide));
  }
  return least;
}

class Placement {
 public:
  Placement(const view::CallTree& tree, const FlameLayoutOptions& options, std::uint64_t least)
      : tree_(tree),
        least_(least),
        scale_(options.width / static_cast<double>(tree.nodes[kRoot].total.wall())) {
    layout_.narrowest = std::max(options.min_width, static_cast<double>(least) * scale_);
  }

  FlameLayout place() {
    // Explicit stack: a tree can be deeper than ours. Children are pushed last first.
    std::vector<Pending> pending = {{.node = kRoot, .row = 0, .offset = 0}};
    std::vector<Pending> children;
    while (!pending.empty()) {
      const Pending next = pending.back();
      pending.pop_back();
      const view::TreeNode& node = tree_.nodes[next.node];
      if (next.merged != 0) {
        add(next, next.weight);
        continue;
      }
      add(next, node.total);
      area_drawn_ += static_cast<double>(node.total.wall());
      children_of(next, children);
      pending.insert(pending.end(), children.rbegin(), children.rend());
    }
    layout_.area_left_out = area_left_out_ / (area_drawn_ + area_left_out_);
    return std::move(layout_);
  }

 private:
  struct Pending {
    std::uint32_t node = 0;
    std::uint32_t row = 0;
    std::uint64_t offset = 0;  ///< Weight to the left.
    std::uint32_t merged = 0;
    view::Weight weight = {};
  };

  void add(const Pending& box, const view::Weight& weight) {
    layout_.boxes.push_back({.node = box.node,
                             .row = box.row,
                             .merged = box.merged,
                             .x = static_cast<double>(box.offset) * scale_,
                             .width = static_cast<double>(weight.wall()) * scale_,
                             .weight = weight});
    layout_.rows = std::max(layout_.rows, box.row + 1);
  }

  void children_of(const Pending& parent, std::vector<Pending>& children) {
    children.clear();
    Pending merged = {.node = parent.node, .row = parent.row + 1, .offset = parent.offset};
    for (const std::uint32_t child : tree_.nodes[parent.node].children) {
      const view::Weight& weight = tree_.nodes[child].total;
      if (weight.wall() >= least_) {
        children.push_back({.node = child, .row = parent.row + 1, .offset = merged.offset});
        merged.offset += weight.wall();
      } else {
        ++merged.merged;
        merged.weight += weight;
        leave_out(child);
      }
    }
    if (merged.merged != 0 && merged.weight.wall() >= least_) children.push_back(merged);
  }

  void leave_out(std::uint32_t top) {
    std::vector<std::uint32_t> pending = {top};
    while (!pending.empty()) {
      const view::TreeNode& node = tree_.nodes[pending.back()];
      pending.pop_back();
      ++layout_.frames_left_out;
      area_left_out_ += static_cast<double>(node.total.wall());
      pending.insert(pending.end(), node.children.begin(), node.children.end());
    }
  }

  const view::CallTree& tree_;
  std::uint64_t least_;
  double scale_;
  double area_drawn_ = 0;  ///< Weights of frames, summed.
  double area_left_out_ = 0;
  FlameLayout layout_;
};

}  // namespace

FlameLayout flame_layout(const view::CallTree& tree, const FlameLayoutOptions& options,
                         const std::function<std::size_t(const view::TreeNode&)>& cost) {
  if (tree.nodes.empty() || tree.nodes[kRoot].total.wall() == 0) return {};
  return Placement(tree, options, least_weight(tree, options, cost)).place();
}

}  // namespace profiler::render
