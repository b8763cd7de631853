// Stacks merged into a tree, top-down (from the outermost caller) or bottom-up (from the innermost
// function towards its callers).
//
//   CallTree tree = call_tree(profile, samples, {});
//   tree.nodes[0].total.user;                         // the root holds everything
//   for (auto child : tree.nodes[0].children) …       // heaviest first
#pragma once

#include <cstdint>
#include <vector>

#include "profiler/profile.h"
#include "view/call_path.h"
#include "view/stack_weights.h"
#include "view/table.h"
#include "view/weight.h"

namespace profiler::view {

struct TreeNode {
  PathEntry entry;           ///< Meaningless in the root.
  std::uint32_t parent = 0;  ///< Row in CallTree::nodes; the root is its own parent.
  Weight self;
  Weight total;
  std::vector<std::uint32_t> children;  ///< By total, heaviest first.
};

struct CallTree {
  std::vector<TreeNode> nodes;  ///< Row 0 is the root. Parents precede children.
};

/// In a bottom-up tree (`inverted`), the first level holds each function's self weight.
struct TreeOptions {
  PathOptions path = {};
  bool inverted = false;
  /// Percent of all below which a node of a bottom-up tree has no children and no self: they would
  /// be many, and seen by nobody. A top-down tree is always whole.
  double min_share = 0;
};

[[nodiscard]] CallTree call_tree(const Profile& profile, const std::vector<const Sample*>& samples,
                                 const TreeOptions& options);
/// Of stacks whose weights are not those of samples.
[[nodiscard]] CallTree tree_of_stacks(const Profile& profile, std::vector<StackWeight> stacks,
                                      const TreeOptions& options);

/// Puts each node's children in another order; kUser, kSys and kWait go by total.
void sort_children(const Profile& profile, CallTree& tree, SortKey key);

}  // namespace profiler::view
