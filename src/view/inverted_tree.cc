#include "view/inverted_tree.h"

#include <algorithm>
#include <ranges>

namespace profiler::view {

InvertedTreeBuilder::InvertedTreeBuilder(const Profile& profile, StepTable& steps,
                                         const TreeOptions& options)
    : profile_(profile), steps_(steps), options_(options) {}

InvertedTreeBuilder::Cursor InvertedTreeBuilder::first(std::uint32_t stack) const {
  if (options_.path.wait_nodes && wait_node((*stacks_)[stack].stack))
    return {.stack = stack, .node = {}, .part = Cursor::Part::kWait};
  return behind_wait(stack);
}

InvertedTreeBuilder::Cursor InvertedTreeBuilder::behind_wait(std::uint32_t stack) const {
  const StackWeight& s = (*stacks_)[stack];
  Cursor cursor{.stack = stack, .node = s.stack.user, .part = Cursor::Part::kUser};
  if (options_.path.kernel_frames && s.stack.kernel) {
    cursor.part = Cursor::Part::kKernel;
    cursor.node = s.stack.kernel;
  } else if (s.stack.kernel || s.stack.cause || s.hidden_kernel) {
    cursor.part = Cursor::Part::kFolded;
  }
  return cursor;
}

std::optional<StepId> InvertedTreeBuilder::advance(Cursor& cursor) {
  using Part = Cursor::Part;
  const StackWeight& s = (*stacks_)[cursor.stack];
  if (cursor.part == Part::kWait) {
    cursor = behind_wait(cursor.stack);
    return steps_.of(*wait_node(s.stack));
  }
  if (cursor.part == Part::kFolded) {
    cursor.part = Part::kUser;
    return steps_.of(folded_kernel(profile_, s.stack));
  }
  while (cursor.part == Part::kKernel || cursor.part == Part::kUser) {
    if (!cursor.node) {
      const bool in_kernel = cursor.part == Part::kKernel;
      cursor.part = in_kernel ? Part::kUser : Part::kAbove;
      cursor.node = in_kernel ? s.stack.user : NodeIndex();
      continue;
    }
    const auto of_frame = steps_.of_frame(profile_.nodes[cursor.node].frame);
    if (cursor.steps < of_frame.size()) return of_frame[of_frame.size() - ++cursor.steps];
    cursor.node = profile_.nodes[cursor.node].parent;
    cursor.steps = 0;
  }
  if (cursor.part == Part::kAbove) {
    const std::vector<StepId>& above = steps_above(s);
    if (cursor.steps < above.size()) return above[cursor.steps++];
    cursor.part = Part::kEnd;
  }
  return std::nullopt;
}

const std::vector<StepId>& InvertedTreeBuilder::steps_above(const StackWeight& stack) {
  auto [known, is_new] =
      above_.try_emplace({stack.process_name, stack.thread, completeness(stack.stack.end)});
  if (is_new) {
    Stack without_frames;
    without_frames.end = stack.stack.end;
    const CallPath path =
        call_path(profile_, without_frames, options_.path, stack.process_name, stack.thread);
    for (const PathEntry& entry : std::ranges::reverse_view(path))
      known->second.push_back(steps_.of(entry));
  }
  return known->second;
}

bool InvertedTreeBuilder::repeats(const Branch& branch, StepId step) const {
  return options_.path.merge_recursion && branch.tree_node != 0 && steps_.recurs(branch.step, step);
}

bool InvertedTreeBuilder::is_divided(const Weight& weight) const {
  return static_cast<double>(weight.all()) >= threshold_ ||
         (weight.wait != 0 && static_cast<double>(weight.wait) >= wait_threshold_);
}

void InvertedTreeBuilder::divide(Branch branch) {
  struct Move {
    StepId step;
    Cursor to;
  };
  std::vector<Move> moves;
  for (Cursor& cursor : branch.cursors) {
    std::optional<StepId> step = advance(cursor);
    while (step && repeats(branch, *step)) step = advance(cursor);
    if (step) {
      moves.push_back({*step, cursor});
    } else {
      tree_.nodes[branch.tree_node].self += (*stacks_)[cursor.stack].weight;
    }
  }
  branch.cursors = {};
  std::ranges::stable_sort(moves, {}, &Move::step);
  for (auto at = moves.begin(); at != moves.end();) {
    Branch child{.tree_node = static_cast<std::uint32_t>(tree_.nodes.size()),
                 .step = at->step,
                 .cursors = {}};
    TreeNode node;
    node.entry = steps_.entry(child.step);
    node.parent = branch.tree_node;
    for (; at != moves.end() && at->step == child.step; ++at) {
      node.total += (*stacks_)[at->to.stack].weight;
      child.cursors.push_back(at->to);
    }
    if (is_divided(node.total)) undivided_.push_back(std::move(child));
    tree_.nodes.push_back(std::move(node));
  }
}

CallTree InvertedTreeBuilder::build(const std::vector<StackWeight>& stacks) {
  stacks_ = &stacks;
  tree_.nodes.emplace_back();
  Branch root;
  for (std::uint32_t i = 0; i < stacks.size(); ++i) {
    tree_.nodes[0].total += stacks[i].weight;
    root.cursors.push_back(first(i));
  }
  threshold_ = static_cast<double>(tree_.nodes[0].total.all()) * options_.min_share / 100;
  wait_threshold_ = static_cast<double>(tree_.nodes[0].total.wait) * options_.min_share / 100;
  undivided_.push_back(std::move(root));
  while (!undivided_.empty()) {
    Branch next = std::move(undivided_.back());
    undivided_.pop_back();
    divide(std::move(next));
  }
  return std::move(tree_);
}

}  // namespace profiler::view
