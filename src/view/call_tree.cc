#include "view/call_tree.h"

#include <algorithm>
#include <compare>
#include <ranges>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "view/inverted_tree.h"
#include "view/stack_weights.h"
#include "view/step_table.h"

namespace profiler::view {
namespace {

constexpr std::uint32_t kRoot = 0;

class TopDownTreeBuilder {
 public:
  TopDownTreeBuilder(const Profile& profile, StepTable& steps, const TreeOptions& options)
      : profile_(profile), options_(options), steps_(steps), known_(profile.nodes.size()) {
    tree_.nodes.emplace_back();
    step_of_.push_back(0);
  }

  CallTree build(std::vector<StackWeight> stacks) {
    // Stacks that hang under the same root come together: what is known of the stack tree below
    // it (known_) then stays valid.
    std::ranges::stable_sort(stacks, [](const StackWeight& a, const StackWeight& b) {
      return root_key(a) < root_key(b);
    });
    for (const StackWeight& s : stacks) charge(top_down_leaf(s), s.weight);
    sum_up();
    return std::move(tree_);
  }

 private:
  struct Known {
    std::uint32_t generation = 0;
    std::uint32_t tree_node = 0;
  };

  using RootKey = std::tuple<StringIndex, ThreadIndex, Completeness>;
  static RootKey root_key(const StackWeight& s) {
    return {s.process_name, s.thread, completeness(s.stack.end)};
  }

  std::uint32_t child(std::uint32_t parent, StepId step) {
    if (options_.path.merge_recursion && parent != kRoot && steps_.recurs(step_of_[parent], step))
      return parent;
    const std::uint64_t key = std::uint64_t{parent} << 32 | step;
    const auto [found, is_new] =
        children_.try_emplace(key, static_cast<std::uint32_t>(tree_.nodes.size()));
    if (is_new) {
      TreeNode node;
      node.entry = steps_.entry(step);
      node.parent = parent;
      tree_.nodes.push_back(std::move(node));
      step_of_.push_back(step);
    }
    return found->second;
  }

  void charge(std::uint32_t node, const Weight& weight) { tree_.nodes[node].self += weight; }

  /// The steps above all frames: process, then how the stack ended if that is not complete.
  std::uint32_t root_of(const StackWeight& s) {
    Stack without_frames = s.stack;
    without_frames.user = without_frames.kernel = {};
    without_frames.cause = {};
    without_frames.wait = WaitClass::kNone;
    std::uint32_t node = kRoot;
    for (const PathEntry& entry :
         call_path(profile_, without_frames, options_.path, s.process_name, s.thread))
      node = child(node, steps_.of(entry));
    return node;
  }

  std::uint32_t top_down_leaf(const StackWeight& s) {
    if (generation_ == 0 || root_key(s) != current_root_) {
      current_root_ = root_key(s);
      ++generation_;
    }
    std::uint32_t node = root_of(s);

    pending_.clear();
    for (NodeIndex n = s.stack.user; n; n = profile_.nodes[n].parent) {
      if (const Known& known = known_[n.row()]; known.generation == generation_) {
        node = known.tree_node;
        break;
      }
      pending_.push_back(n);
    }
    for (const NodeIndex n : std::ranges::reverse_view(pending_)) {
      for (const StepId step : steps_.of_frame(profile_.nodes[n].frame)) node = child(node, step);
      known_[n.row()] = {.generation = generation_, .tree_node = node};
    }

    pending_.clear();
    if (options_.path.kernel_frames && s.stack.kernel) {
      for (NodeIndex n = s.stack.kernel; n; n = profile_.nodes[n].parent) pending_.push_back(n);
      for (const NodeIndex n : std::ranges::reverse_view(pending_)) {
        for (const StepId step : steps_.of_frame(profile_.nodes[n].frame)) node = child(node, step);
      }
    } else if (s.stack.kernel || s.stack.cause || s.hidden_kernel) {
      node = child(node, steps_.of(folded_kernel(profile_, s.stack)));
    }
    if (options_.path.wait_nodes) {
      if (const auto wait = wait_node(s.stack)) node = child(node, steps_.of(*wait));
    }
    return node;
  }

  void sum_up() {
    std::vector<TreeNode>& nodes = tree_.nodes;
    for (std::size_t i = nodes.size(); i-- > 0;) {
      nodes[i].total += nodes[i].self;
      if (i != kRoot) nodes[nodes[i].parent].total += nodes[i].total;
    }
  }

  const Profile& profile_;
  const TreeOptions& options_;
  StepTable& steps_;
  CallTree tree_;
  std::vector<StepId> step_of_;                                ///< Of each tree node.
  std::unordered_map<std::uint64_t, std::uint32_t> children_;  ///< (parent, step) to child.
  std::vector<Known> known_;  ///< Tree node of each user stack node under the current root.
  std::uint32_t generation_ = 0;
  RootKey current_root_;
  std::vector<NodeIndex> pending_;
};

}  // namespace

void sort_children(const Profile& profile, CallTree& tree, SortKey key) {
  const std::vector<TreeNode>& nodes = tree.nodes;
  const auto before = [&](std::uint32_t a, std::uint32_t b) {
    const std::uint64_t value_a = sort_value({nodes[a].self, nodes[a].total}, key);
    const std::uint64_t value_b = sort_value({nodes[b].self, nodes[b].total}, key);
    if (value_a != value_b) return value_a > value_b;
    if (key != SortKey::kName && nodes[a].total.wait != nodes[b].total.wait)
      return nodes[a].total.wait > nodes[b].total.wait;
    const int names = label(profile, nodes[a].entry).compare(label(profile, nodes[b].entry));
    return names != 0 ? names < 0 : nodes[a].entry < nodes[b].entry;
  };
  for (TreeNode& node : tree.nodes) std::ranges::sort(node.children, before);
}

CallTree call_tree(const Profile& profile, const std::vector<const Sample*>& samples,
                   const TreeOptions& options) {
  return tree_of_stacks(profile,
                        stack_weights(profile, samples,
                                      options.path.thread_root    ? StackOwner::kThread
                                      : options.path.process_root ? StackOwner::kProcessName
                                                                  : StackOwner::kNone),
                        options);
}

CallTree tree_of_stacks(const Profile& profile, std::vector<StackWeight> stacks,
                        const TreeOptions& options) {
  StepTable steps(profile, options.path.merge_recursion);
  CallTree tree = options.inverted
                      ? InvertedTreeBuilder(profile, steps, options).build(stacks)
                      : TopDownTreeBuilder(profile, steps, options).build(std::move(stacks));
  std::vector<TreeNode>& nodes = tree.nodes;
  for (std::size_t i = 1; i < nodes.size(); ++i)
    nodes[nodes[i].parent].children.push_back(static_cast<std::uint32_t>(i));
  sort_children(profile, tree, SortKey::kTotal);
  return tree;
}

}  // namespace profiler::view
