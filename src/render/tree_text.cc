// tree_text() of report_text.h.
#include <string>
#include <utility>
#include <vector>

#include "render/amount.h"
#include "render/report_text.h"
#include "render/text_table.h"
#include "render/tree_lines.h"

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
        waits_(AmountFormat::of_waits(head.sampled)),
        table_(style),
        split_(style.width >= 90) {}

  std::string text() {
    add_columns();
    std::size_t rows = 0;
    TreeLines lines(tree_, style_.width,
                    [this](const view::Weight& total) { return is_shown(total); });
    while (!lines.at_end() && (options_.limit == 0 || rows < options_.limit)) {
      add_row(*lines.next());
      ++rows;
    }
    std::string text = head_text(head_, style_);
    if (table_.empty()) return text;
    text += table_.text();
    if (!lines.at_end())
      text += TextLine(style_).add("… cut here; --limit 0 shows all", Colour::kFaint).take();
    return text;
  }

 private:
  void add_columns() {
    if (head_.waits_only) {
      table_.column("wait", Align::kRight);
      table_.column("share", Align::kRight);
    } else {
      table_.column("total", Align::kRight);
      if (split_) {
        table_.column("user", Align::kRight);
        table_.column("sys", Align::kRight);
      }
      if (head_.has_waits) table_.column("wait", Align::kRight);
      table_.column(std::string(format_.share_title()), Align::kRight);
      // In a bottom-up tree the total is the first level's self, and means the same further down.
      if (!options_.inverted) table_.column("self", Align::kRight);
    }
    table_.column(
        options_.inverted ? "function, and who called it" : "function, and what it called",
        Align::kName, 24);
    table_.column("", Align::kPath, 12);
  }

  [[nodiscard]] bool is_shown(const view::Weight& total) const {
    if (total.wait != 0 && 100 * waits_.fraction(total.wait) >= options_.min_share) return true;
    if (head_.waits_only) return false;
    return format_.few_samples() || 100 * format_.fraction(total.all()) >= options_.min_share;
  }

  void add_row(const TreeLine& line) {
    const bool is_rest = line.rest_count != 0;
    const view::TreeNode& node = tree_.nodes[line.node];
    const view::Weight& total = is_rest ? line.rest : node.total;
    std::vector<Cell> cells;
    if (head_.waits_only) {
      cells.push_back({waits_.amount(total.wait), Colour::kWait});
      cells.push_back({waits_.share(total.wait, 0)});
    } else {
      cells.push_back({format_.amount(total.all())});
      if (split_) {
        cells.push_back({format_.amount(total.user), Colour::kUser});
        cells.push_back({format_.amount(total.sys), Colour::kSys});
      }
      if (head_.has_waits) cells.push_back({waits_.amount(total.wait), Colour::kWait});
      cells.push_back({format_.share(total.all(), total.samples)});
      if (!options_.inverted) cells.push_back({is_rest ? "" : format_.amount(node.self.all())});
    }
    cells.push_back(tree_name(*head_.profile, tree_, line));
    cells.push_back(tree_place(*head_.profile, tree_, line));
    table_.row(std::move(cells));
  }

  const ReportHead& head_;
  const view::CallTree& tree_;
  const TreeTextOptions& options_;
  const TextStyle& style_;
  AmountFormat format_;
  AmountFormat waits_;
  TextTable table_;
  bool split_;  ///< Wide enough for user and sys.
};

}  // namespace

std::string tree_text(const ReportHead& head, const view::CallTree& tree,
                      const TreeTextOptions& options, const TextStyle& style) {
  return TreeWriter(head, tree, options, style).text();
}

}  // namespace profiler::render
