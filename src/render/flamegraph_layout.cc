#include "render/flamegraph_layout.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

namespace profiler::render {
namespace {

constexpr std::uint32_t kRoot = 0;

constexpr double kAlwaysDrawn = 2;  ///< px

/// Which nodes are drawn: those of more weight than `weight`, and of those that have just that, the
/// ones in rows up to `row`. Weights never rise from a node to its child, so what is drawn is a
/// tree again. Weights are those on and off the CPU together: a tree without waits has none of the
/// latter.
struct Least {
  std::uint64_t weight = 0;
  std::uint32_t row = std::numeric_limits<std::uint32_t>::max();

  [[nodiscard]] bool allows(std::uint64_t of, std::uint32_t in_row) const {
    return of > weight || (of == weight && in_row <= row);
  }
};

std::uint64_t weight_of(double width, const view::CallTree& tree,
                        const FlameLayoutOptions& options) {
  const std::uint64_t total = tree.nodes[kRoot].total.wall();
  const double weight = std::ceil(width / options.width * static_cast<double>(total));
  return weight >= static_cast<double>(total) ? total : static_cast<std::uint64_t>(weight);
}

Least least_of(const view::CallTree& tree, const FlameLayoutOptions& options,
               const std::function<std::size_t(const view::TreeNode&)>& cost) {
  const Least least{.weight =
                        std::max<std::uint64_t>(weight_of(options.min_width, tree, options), 1)};
  if (options.size_limit == 0) return least;

  struct Candidate {
    std::uint64_t weight;
    std::uint32_t row;
    std::uint32_t node;
  };
  std::vector<std::uint32_t> rows(tree.nodes.size());
  std::vector<Candidate> heaviest;
  for (std::uint32_t i = 0; i < tree.nodes.size(); ++i) {
    if (i != kRoot) rows[i] = rows[tree.nodes[i].parent] + 1;
    const std::uint64_t weight = tree.nodes[i].total.wall();
    if (weight >= least.weight) heaviest.push_back({.weight = weight, .row = rows[i], .node = i});
  }
  // Of equal ones, which are many where each is one sample, those nearest to the root come first;
  // a row's are drawn all or none: which of them fit must not depend on their order.
  const auto key = [](const Candidate& c) { return std::pair(~c.weight, c.row); };
  std::ranges::sort(heaviest, {}, key);
  std::size_t size = 0;
  for (const Candidate& candidate : heaviest) {
    size += cost(tree.nodes[candidate.node]);
    if (size <= options.size_limit) continue;
    // What can be pointed at is drawn, however large the picture becomes: all of a deep stack, say.
    const std::uint64_t wide = weight_of(kAlwaysDrawn, tree, options);
    if (candidate.weight >= wide) return {.weight = std::max(least.weight, wide)};
    return candidate.row == 0 ? Least{.weight = candidate.weight + 1}
                              : Least{.weight = candidate.weight, .row = candidate.row - 1};
  }
  return least;
}

class Placement {
 public:
  Placement(const view::CallTree& tree, const FlameLayoutOptions& options, Least least)
      : tree_(tree),
        least_(least),
        options_(options),
        scale_(options.width / static_cast<double>(tree.nodes[kRoot].total.wall())) {
    constexpr std::uint32_t kAllRows = std::numeric_limits<std::uint32_t>::max();
    const std::uint64_t all_drawn = least.weight + (least.row == kAllRows ? 0 : 1);
    layout_.narrowest = std::max(options.min_width, static_cast<double>(all_drawn) * scale_);
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
      const bool is_wide = least_.allows(weight.wall(), merged.row);
      if (is_wide && !is_tower(weight.wall(), merged.row)) {
        children.push_back({.node = child, .row = merged.row, .offset = merged.offset});
        merged.offset += weight.wall();
      } else {
        ++merged.merged;
        merged.weight += weight;
        const std::size_t count = leave_out(child);
        if (is_wide) layout_.tower_left_out += count;
      }
    }
    if (merged.merged != 0 && least_.allows(merged.weight.wall(), merged.row))
      children.push_back(merged);
  }

  [[nodiscard]] bool is_tower(std::uint64_t weight, std::uint32_t row) const {
    if (row < options_.tall_rows) return false;
    const double times = static_cast<double>(row) / options_.tall_rows;
    const double wide = std::min(options_.tower_width * times * times, options_.width / 4);
    return static_cast<double>(weight) * scale_ < wide;
  }

  /// Returns how many frames that were.
  std::size_t leave_out(std::uint32_t top) {
    std::size_t count = 0;
    std::vector<std::uint32_t> pending = {top};
    while (!pending.empty()) {
      const view::TreeNode& node = tree_.nodes[pending.back()];
      pending.pop_back();
      ++count;
      area_left_out_ += static_cast<double>(node.total.wall());
      pending.insert(pending.end(), node.children.begin(), node.children.end());
    }
    layout_.frames_left_out += count;
    return count;
  }

  const view::CallTree& tree_;
  Least least_;
  const FlameLayoutOptions& options_;
  double scale_;
  double area_drawn_ = 0;  ///< Weights of frames, summed.
  double area_left_out_ = 0;
  FlameLayout layout_;
};

}  // namespace

FlameLayout flame_layout(const view::CallTree& tree, const FlameLayoutOptions& options,
                         const std::function<std::size_t(const view::TreeNode&)>& cost) {
  if (tree.nodes.empty() || tree.nodes[kRoot].total.wall() == 0) return {};
  return Placement(tree, options, least_of(tree, options, cost)).place();
}

}  // namespace profiler::render
