#include "view/diff_tree.h"

#include <map>
#include <utility>

#include "view/diff_noise.h"

namespace profiler::view {
namespace {

/// Nodes of both trees that are one node of the joined one, which is still without children.
struct Pending {
  std::uint32_t node = 0;
  std::vector<std::uint32_t> before;
  std::vector<std::uint32_t> after;
};

class TreeJoiner {
 public:
  TreeJoiner(const CallTree& before, const CallTree& after) : before_(before), after_(after) {}

  DiffTree join() {
    std::vector<Pending> pending;
    pending.push_back({.node = add({}, 0), .before = {0}, .after = {0}});
    while (!pending.empty()) {
      const Pending next = std::move(pending.back());
      pending.pop_back();
      charge(next);
      std::map<PathEntry, Pending> children;
      // The second first: it says whether a function is inlined.
      for (const std::uint32_t node : next.after) {
        for (const std::uint32_t child : after_.nodes[node].children)
          child_at(children, next.node, after_.nodes[child].entry).after.push_back(child);
      }
      for (const std::uint32_t node : next.before) {
        for (const std::uint32_t child : before_.nodes[node].children)
          child_at(children, next.node, before_.nodes[child].entry).before.push_back(child);
      }
      for (auto& [entry, child] : children) pending.push_back(std::move(child));
    }
    return std::move(diff_);
  }

 private:
  std::uint32_t add(const PathEntry& entry, std::uint32_t parent) {
    std::vector<TreeNode>& nodes = diff_.tree.nodes;
    const auto number = static_cast<std::uint32_t>(nodes.size());
    nodes.push_back({.entry = entry, .parent = parent, .self = {}, .total = {}, .children = {}});
    diff_.self_before.emplace_back();
    diff_.total_before.emplace_back();
    if (number != 0) nodes[parent].children.push_back(number);
    return number;
  }

  Pending& child_at(std::map<PathEntry, Pending>& children, std::uint32_t parent,
                    const PathEntry& entry) {
    PathEntry key = entry;
    key.inlined = false;
    const auto [found, is_new] = children.try_emplace(key);
    if (is_new) found->second.node = add(entry, parent);
    return found->second;
  }

  void charge(const Pending& joined) {
    TreeNode& node = diff_.tree.nodes[joined.node];
    for (const std::uint32_t from : joined.after) {
      node.self += after_.nodes[from].self;
      node.total += after_.nodes[from].total;
    }
    for (const std::uint32_t from : joined.before) {
      diff_.self_before[joined.node] += before_.nodes[from].self;
      diff_.total_before[joined.node] += before_.nodes[from].total;
    }
  }

  const CallTree& before_;
  const CallTree& after_;
  DiffTree diff_;
};

/// Of waits that all last as long: sums of durations vary by so much.
double squares_of(const Weight& weight) {
  const auto wait = static_cast<double>(weight.wait);
  return weight.waits == 0 ? 0 : wait * wait / static_cast<double>(weight.waits);
}

void compare(DiffTree& diff) {
  const std::vector<TreeNode>& nodes = diff.tree.nodes;
  const bool waits = !diff.totals.has_cpu() && diff.totals.has_waits();
  std::size_t tests = 0;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const auto is_testable = waits ? is_testable_wait : is_testable_cpu;
    if (is_testable(diff.totals, diff.total_before[i], nodes[i].total)) ++tests;
  }
  const double critical = critical_value(tests);
  diff.changes.reserve(nodes.size());
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const Weight& before = diff.total_before[i];
    const Weight& after = nodes[i].total;
    diff.changes.push_back(waits ? compare_wait(diff.totals, critical, before, after,
                                                squares_of(before), squares_of(after))
                                 : compare_cpu(diff.totals, critical, before, after));
  }
}

}  // namespace

DiffTree diff_tree(const JoinedProfile& joined, const DiffOptions& options,
                   const PathOptions& path) {
  const TreeOptions how = {.path = path};
  DiffTree diff = TreeJoiner(call_tree(joined.profile, joined.before(), how),
                             call_tree(joined.profile, joined.after(), how))
                      .join();
  diff.totals = diff_totals(joined, options);
  sort_children(joined.profile, diff.tree, SortKey::kTotal);
  compare(diff);
  return diff;
}

}  // namespace profiler::view
