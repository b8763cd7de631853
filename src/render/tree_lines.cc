#include "render/tree_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>
#include <utility>

#include "render/amount.h"
#include "render/run_text.h"
#include "view/module_name.h"

namespace profiler::render {

TreeLines::TreeLines(const view::CallTree& tree, std::size_t width,
                     std::function<bool(const view::Weight&)> is_shown)
    : tree_(tree),
      // Deeper than that, lines would leave no room for names: the depth is then a number.
      deepest_(std::max<std::size_t>(width / 9, 4)),
      is_shown_(std::move(is_shown)) {
  push_children({}, true);
}

std::optional<TreeLine> TreeLines::next() {
  if (pending_.empty()) return std::nullopt;
  TreeLine line = std::move(pending_.back());
  pending_.pop_back();
  if (line.rest_count == 0) push_children(line, false);
  return line;
}

void TreeLines::push_children(const TreeLine& parent, bool is_root) {
  std::vector<TreeLine> lines;
  TreeLine rest;
  for (const std::uint32_t child : tree_.nodes[parent.node].children) {
    if (is_shown_(tree_.nodes[child].total)) {
      lines.emplace_back().node = child;
    } else {
      rest.rest += tree_.nodes[child].total;
      ++rest.rest_count;
    }
  }
  if (rest.rest_count != 0 && is_shown_(rest.rest)) lines.push_back(std::move(rest));

  const bool chain = lines.size() == 1;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    TreeLine& line = lines[i];
    if (chain || is_root) {
      line.depth = parent.depth;
      line.before = line.below = parent.below;
      // Several roots: what hangs under one must not look like the next.
      if (!chain) line.below += "  ";
      continue;
    }
    const bool last = i + 1 == lines.size();
    line.depth = parent.depth + 1;
    if (line.depth > deepest_) {
      line.before = parent.below;
      if (parent.depth > deepest_) line.before.resize(line.before.rfind('+'));
      line.below = line.before += fmt::format("+{} ", line.depth - deepest_);
    } else {
      line.before = parent.below + (last ? "└─ " : "├─ ");
      line.below = parent.below + (last ? "   " : "│  ");
    }
  }
  for (TreeLine& line : std::ranges::reverse_view(lines)) pending_.push_back(std::move(line));
}

Cell tree_name(const Profile& profile, const view::CallTree& tree, const TreeLine& line) {
  if (line.rest_count != 0) {
    return {.text = fmt::format("… {} more", grouped(line.rest_count)),
            .colour = Colour::kFaint,
            .tree_lines = line.before};
  }
  const view::PathEntry& entry = tree.nodes[line.node].entry;
  const bool is_kernel =
      view::is_kernel_step(entry) || (entry.function && profile.functions[entry.function].kernel);
  return {.text = view::label(profile, entry),
          .colour = is_kernel ? Colour::kSys : Colour::kName,
          .tree_lines = line.before,
          .mark = inline_mark(entry.inlined)};
}

Cell tree_place(const Profile& profile, const view::CallTree& tree, const TreeLine& line) {
  const FunctionIndex index =
      line.rest_count != 0 ? FunctionIndex() : tree.nodes[line.node].entry.function;
  if (!index) return {.text = "", .colour = Colour::kFaint};
  const Function& function = profile.functions[index];
  return {.text = place_text(view::module_name(profile, function.module),
                             profile.text(function.file), function.line),
          .colour = Colour::kFaint};
}

}  // namespace profiler::render
