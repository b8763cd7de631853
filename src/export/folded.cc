#include "export/folded.h"

#include <algorithm>
#include <ranges>
#include <string>
#include <unordered_map>
#include <utility>

#include "export/clean_name.h"
#include "view/call_path.h"
#include "view/stack_weights.h"

namespace profiler::exporter {
namespace {

constexpr std::size_t kPieceSize = 65536;
constexpr std::uint32_t kRoot = 0;

/// A name that can stand between semicolons.
std::string folded_name(std::string_view name) {
  std::string clean = clean_name(name);
  std::ranges::replace(clean, ';', ':');
  return clean;
}

std::string_view suffix(Code code) {
  switch (code) {
    case Code::kKernel:
      return "_[k]";
    case Code::kInlined:
      return "_[i]";
    case Code::kGenerated:
      return "_[j]";
    case Code::kUser:
    case Code::kMark:
      return "";
  }
  return "";
}

/// Stacks by the text of their frames: functions that only differ in what cannot be seen in a
/// line (their module, say) are one.
class TextTree {
 public:
  TextTree(const Profile& profile, KernelFrames kernel)
      : profile_(profile),
        fold_(kernel == KernelFrames::kFolded),
        nodes_(1),
        texts_of_frame_(profile.frames.size()),
        known_(profile.nodes.size()) {}

  /// Stacks of one process and completeness should come one after the other: what is known of
  /// the stack tree below them then stays valid.
  void add(const view::StackWeight& s, std::uint64_t count) {
    if (generation_ == 0 || root_key(s) != current_root_) {
      current_root_ = root_key(s);
      ++generation_;
    }
    std::uint32_t node = kRoot;
    Stack without_frames;
    without_frames.end = s.stack.end;
    for (const view::PathEntry& entry :
         view::call_path(profile_, without_frames, {.process_root = true}, s.process_name))
      node = child(node, text_of(entry));
    node = user_leaf(node, s.stack.user);
    if (s.stack.kernel && !fold_) {
      node = chain(node, s.stack.kernel);
    } else if (s.stack.kernel || s.stack.cause || s.hidden_kernel) {
      node = child(node, text_of(view::folded_kernel(profile_, s.stack)));
    }
    if (const auto wait = view::wait_node(s.stack)) node = child(node, text_of(*wait));
    nodes_[node].count += count;
  }

  static std::pair<StringIndex, Completeness> root_key(const view::StackWeight& s) {
    return {s.process_name, completeness(s.stack.end)};
  }

  void write(const Sink& sink) {
    // Depth first, siblings by text, without recursion: stacks can be deeper than ours.
    struct Level {
      std::uint32_t node;
      std::size_t next_child;
      std::size_t line_size;  ///< Of the line up to this node.
    };
    std::string line;
    std::string piece;
    std::vector<Level> open = {{.node = kRoot, .next_child = 0, .line_size = 0}};
    sort_children(kRoot);
    while (!open.empty()) {
      Level& level = open.back();
      const std::vector<std::uint32_t>& children = nodes_[level.node].children;
      if (level.next_child == children.size()) {
        open.pop_back();
        continue;
      }
      const std::uint32_t node = children[level.next_child++];
      line.resize(level.line_size);
      if (!line.empty()) line += ';';
      line += texts_[nodes_[node].text];
      if (const std::uint64_t count = nodes_[node].count; count != 0) {
        piece += line;
        piece += ' ';
        piece += std::to_string(count);
        piece += '\n';
        if (piece.size() >= kPieceSize) sink(std::exchange(piece, {}));
      }
      sort_children(node);
      open.push_back({.node = node, .next_child = 0, .line_size = line.size()});
    }
    if (!piece.empty()) sink(piece);
  }

 private:
  struct Node {
    std::uint32_t text = 0;
    std::uint64_t count = 0;
    std::vector<std::uint32_t> children;
  };
  struct Known {
    std::uint32_t generation = 0;
    std::uint32_t node = 0;
  };

  std::uint32_t user_leaf(std::uint32_t node, NodeIndex leaf) {
    pending_.clear();
    for (NodeIndex n = leaf; n; n = profile_.nodes[n].parent) {
      if (const Known& known = known_[n.row()]; known.generation == generation_) {
        node = known.node;
        break;
      }
      pending_.push_back(n);
    }
    for (const NodeIndex n : std::ranges::reverse_view(pending_)) {
      node = frame_child(node, profile_.nodes[n].frame);
      known_[n.row()] = {.generation = generation_, .node = node};
    }
    return node;
  }

  std::uint32_t chain(std::uint32_t node, NodeIndex leaf) {
    pending_.clear();
    for (NodeIndex n = leaf; n; n = profile_.nodes[n].parent) pending_.push_back(n);
    for (const NodeIndex n : std::ranges::reverse_view(pending_))
      node = frame_child(node, profile_.nodes[n].frame);
    return node;
  }

  std::uint32_t frame_child(std::uint32_t node, FrameIndex frame) {
    std::vector<std::uint32_t> unknown;
    std::vector<std::uint32_t>& texts = frame ? texts_of_frame_[frame.row()] : unknown;
    if (texts.empty()) {
      view::CallPath entries;
      view::append_frame(profile_, frame, entries);
      for (const view::PathEntry& entry : entries) texts.push_back(text_of(entry));
    }
    for (const std::uint32_t text : texts) node = child(node, text);
    return node;
  }

  std::uint32_t text_of(const view::PathEntry& entry) {
    const auto [known, is_new] = text_of_entry_.try_emplace(key(entry));
    if (is_new) {
      std::string text = folded_name(view::label(profile_, entry));
      text += suffix(code_of(profile_, entry));
      const auto [same, new_text] =
          text_rows_.try_emplace(std::move(text), static_cast<std::uint32_t>(texts_.size()));
      if (new_text) texts_.push_back(same->first);
      known->second = same->second;
    }
    return known->second;
  }

  /// What tells entries apart in a folded stack, in 64 bits: their kind, one row number, and
  /// whether they are inlined.
  static std::uint64_t key(const view::PathEntry& entry) {
    using Kind = view::PathEntry::Kind;
    std::uint64_t row = 0;
    if (entry.kind == Kind::kFunction) row = entry.function.row();
    if (entry.kind == Kind::kAddress) row = entry.frame.row();
    if (entry.kind == Kind::kProcess) row = entry.process_name.row();
    if (entry.kind == Kind::kEntry)
      row = static_cast<std::uint64_t>(entry.entry.kind) << 32U | entry.entry.name.row();
    if (entry.kind == Kind::kWait) row = static_cast<std::uint64_t>(entry.wait);
    return static_cast<std::uint64_t>(entry.kind) << 48U |
           static_cast<std::uint64_t>(entry.inlined) << 56U | row;
  }

  std::uint32_t child(std::uint32_t parent, std::uint32_t text) {
    const std::uint64_t step = static_cast<std::uint64_t>(parent) << 32U | text;
    const auto [found, is_new] =
        children_.try_emplace(step, static_cast<std::uint32_t>(nodes_.size()));
    if (is_new) {
      nodes_.push_back({.text = text, .count = 0, .children = {}});
      nodes_[parent].children.push_back(found->second);
    }
    return found->second;
  }

  void sort_children(std::uint32_t node) {
    std::ranges::sort(nodes_[node].children, [&](std::uint32_t a, std::uint32_t b) {
      return texts_[nodes_[a].text] < texts_[nodes_[b].text];
    });
  }

  const Profile& profile_;
  bool fold_;
  std::vector<Node> nodes_;
  std::unordered_map<std::uint64_t, std::uint32_t> children_;  ///< (parent, text) to node.
  std::unordered_map<std::uint64_t, std::uint32_t> text_of_entry_;
  std::unordered_map<std::string, std::uint32_t> text_rows_;
  std::vector<std::vector<std::uint32_t>> texts_of_frame_;  ///< Outermost first; filled in as met.
  std::vector<Known> known_;  ///< Node of each user stack node under the current root.
  std::uint32_t generation_ = 0;
  std::pair<StringIndex, Completeness> current_root_;
  std::vector<NodeIndex> pending_;
  std::vector<std::string_view> texts_;  ///< Point into text_rows_, whose keys do not move.
};

}  // namespace

void write_folded(const Profile& profile, const std::vector<const Sample*>& samples,
                  const FoldedOptions& options, const Sink& sink) {
  TextTree tree(profile, options.kernel);
  std::vector<view::StackWeight> stacks =
      view::stack_weights(profile, samples, view::StackOwner::kProcessName);
  std::ranges::stable_sort(stacks, {}, &TextTree::root_key);
  const bool weights = options.count == FoldedCount::kWeight;
  for (const view::StackWeight& s : stacks)
    tree.add(s, weights ? s.weight.wall() : s.weight.samples + s.weight.waits);
  tree.write(sink);
}

}  // namespace profiler::exporter
