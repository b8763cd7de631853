// tree_text() of report_text.h.
#include <fmt/format.h>

#include <algorithm>
#include <ranges>
#include <utility>
#include <vector>

#include "render/amount.h"
#include "render/report_text.h"
#include "render/run_text.h"
#include "render/text_table.h"
#include "view/module_name.h"

namespace profiler::render {
namespace {

class TreeWriter {
 public:
  TreeWriter(const ReportHead& head, const view::CallTree& tree, const TreeTextOptions& options,
             const TextStyle& style)
      : head_(head),
        tree_(tree),
        options_(options),
        style_(style),
        format_(*head.event, head.sampled),
        table_(style),
        split_(style.width >= 90) {}

  std::string text() {
    add_columns();
    // Depth first, without recursion: a tree may be as deep as a stack.
    push_children({}, true);
    std::size_t rows = 0;
    while (!pending_.empty() && (options_.limit == 0 || rows < options_.limit)) {
      const Line line = std::move(pending_.back());
      pending_.pop_back();
      add_row(line);
      ++rows;
      if (line.rest_count == 0) push_children(line, false);
    }
    std::string text = head_text(head_, style_);
    if (table_.empty()) return text;
    text += table_.text();
    if (!pending_.empty())
      text += TextLine(style_).add("… cut here; --limit 0 shows all", Colour::kFaint).take();
    return text;
  }

 private:
  /// A line to be written: a node, or what is left out of its parent's children.
  struct Line {
    std::uint32_t node = 0;
    std::size_t rest_count = 0;  ///< Children left out; 0: the line is a node's.
    view::Weight rest;
    std::size_t depth = 0;    ///< Branches above what hangs under it.
    std::string before = {};  ///< Tree lines in front of its name.
    std::string below = {};   ///< Tree lines in front of what hangs under it.
  };

  void add_columns() {
    table_.column("total", Align::kRight);
    if (split_) {
      table_.column("user", Align::kRight);
      table_.column("sys", Align::kRight);
    }
    table_.column(std::string(format_.share_title()), Align::kRight);
    // In a bottom-up tree the total is the first level's self, and means the same further down.
    if (!options_.inverted) table_.column("self", Align::kRight);
    table_.column(
        options_.inverted ? "function, and who called it" : "function, and what it called",
        Align::kName, 24);
    table_.column("", Align::kPath, 12);
  }

  [[nodiscard]] bool is_shown(const view::Weight& total) const {
    return format_.few_samples() || 100 * format_.fraction(total.all()) >= options_.min_share;
  }

  void push_children(const Line& parent, bool is_root) {
    std::vector<Line> lines;
    Line rest;
    for (const std::uint32_t child : tree_.nodes[parent.node].children) {
      if (is_shown(tree_.nodes[child].total)) {
        lines.emplace_back().node = child;
      } else {
        rest.rest += tree_.nodes[child].total;
        ++rest.rest_count;
      }
    }
    if (rest.rest_count != 0 && is_shown(rest.rest)) lines.push_back(std::move(rest));

    const bool chain = lines.size() == 1;
    // Deeper than that, lines would leave no room for names: the depth is then a number.
    const std::size_t deepest = std::max<std::size_t>(style_.width / 9, 4);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      Line& line = lines[i];
      if (chain || is_root) {
        line.depth = parent.depth;
        line.before = line.below = parent.below;
        // Several roots: what hangs under one must not look like the next.
        if (!chain) line.below += "  ";
        continue;
      }
      const bool last = i + 1 == lines.size();
      line.depth = parent.depth + 1;
      if (line.depth > deepest) {
        line.before = parent.below;
        if (parent.depth > deepest) line.before.resize(line.before.rfind('+'));
        line.below = line.before += fmt::format("+{} ", line.depth - deepest);
      } else {
        line.before = parent.below + (last ? "└─ " : "├─ ");
        line.below = parent.below + (last ? "   " : "│  ");
      }
    }
    for (Line& line : std::ranges::reverse_view(lines)) pending_.push_back(std::move(line));
  }

  void add_row(const Line& line) {
    const bool is_rest = line.rest_count != 0;
    const view::TreeNode& node = tree_.nodes[line.node];
    const view::Weight& total = is_rest ? line.rest : node.total;
    std::vector<Cell> cells;
    cells.push_back({format_.amount(total.all())});
    if (split_) {
      cells.push_back({format_.amount(total.user), Colour::kUser});
      cells.push_back({format_.amount(total.sys), Colour::kSys});
    }
    cells.push_back({format_.share(total.all(), total.samples)});
    if (!options_.inverted) cells.push_back({is_rest ? "" : format_.amount(node.self.all())});
    Cell name{.text = fmt::format("… {} more", grouped(line.rest_count)),
              .colour = Colour::kFaint,
              .tree_lines = line.before};
    std::string place;
    if (!is_rest) {
      name.text = view::label(*head_.profile, node.entry);
      name.colour = Colour::kName;
      if (node.entry.kind == view::PathEntry::Kind::kEntry) name.colour = Colour::kSys;
      name.mark = inline_mark(node.entry.inlined);
      if (node.entry.function) {
        const Profile& profile = *head_.profile;
        const Function& function = profile.functions[node.entry.function];
        if (function.kernel) name.colour = Colour::kSys;
        place = place_text(view::module_name(profile, function.module), profile.text(function.file),
                           function.line);
      }
    }
    cells.push_back(std::move(name));
    cells.push_back({std::move(place), Colour::kFaint});
    table_.row(std::move(cells));
  }

  const ReportHead& head_;
  const view::CallTree& tree_;
  const TreeTextOptions& options_;
  const TextStyle& style_;
  AmountFormat format_;
  TextTable table_;
  bool split_;
  std::vector<Line> pending_;  ///< The next one last.
};

}  // namespace

std::string tree_text(const ReportHead& head, const view::CallTree& tree,
                      const TreeTextOptions& options, const TextStyle& style) {
  return TreeWriter(head, tree, options, style).text();
}

}  // namespace profiler::render
