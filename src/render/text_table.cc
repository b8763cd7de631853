#include "render/text_table.h"

#include <algorithm>
#include <utility>

#include "render/printable.h"
#include "render/short_name.h"

namespace profiler::render {
namespace {

constexpr std::size_t kGap = 2;

std::size_t cell_width(const Cell& cell) {
  return display_width(cell.tree_lines) + display_width(printable(cell.text)) +
         display_width(cell.mark);
}

}  // namespace

void TextTable::column(std::string title, Align align, std::size_t width) {
  columns_.push_back({.title = std::move(title), .align = align, .width = width});
}

void TextTable::row(std::vector<Cell> cells) {
  cells.resize(columns_.size());
  rows_.push_back(std::move(cells));
}

std::vector<std::size_t> TextTable::natural_widths() const {
  std::vector<std::size_t> widths(columns_.size());
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    widths[i] = display_width(columns_[i].title);
    if (columns_[i].align == Align::kBar) {
      widths[i] = std::max(widths[i], columns_[i].width);
    } else {
      for (const auto& cells : rows_) widths[i] = std::max(widths[i], cell_width(cells[i]));
    }
  }
  return widths;
}

std::vector<std::size_t> TextTable::widths() const {
  std::vector<std::size_t> widths = natural_widths();
  const std::size_t room = std::max(style_.width, indent_) - indent_ + kGap;
  const auto missing = [&] {
    std::size_t wanted = 0;
    for (const std::size_t width : widths) wanted += width == 0 ? 0 : width + kGap;
    return wanted > room ? wanted - room : 0;
  };
  // Down to `comfortable` columns, or to the least that the column may have.
  const auto shrink = [&](Align align, std::size_t comfortable = 1) {
    for (std::size_t i = columns_.size(); i-- > 0;) {
      if (columns_[i].align != align) continue;
      const std::size_t least = std::max(columns_[i].width, comfortable);
      if (widths[i] > least) widths[i] -= std::min(missing(), widths[i] - least);
    }
  };
  // Long paths give way first, then long names, then all of both.
  constexpr std::size_t kFileAndLine = 20;
  constexpr std::size_t kReadableName = 28;
  const std::vector<std::size_t> natural = widths;
  shrink(Align::kPath, kFileAndLine);
  shrink(Align::kName, kReadableName);
  shrink(Align::kPath);
  shrink(Align::kName);
  if (missing() == 0) return widths;
  // Too narrow for both: names only.
  widths = natural;
  for (std::size_t i = 0; i < columns_.size(); ++i)
    if (columns_[i].align == Align::kPath) widths[i] = 0;
  shrink(Align::kName);
  return widths;
}

void TextTable::add_cell(TextLine& line, const Column& column, const Cell& cell,
                         std::size_t width) const {
  const std::size_t begin = line.width();
  switch (column.align) {
    case Align::kRight:
      line.add_right(cell.text, width, cell.colour);
      break;
    case Align::kLeft:
      line.add(cell.text, cell.colour);
      break;
    case Align::kBar:
      line.add_bar(cell.fraction, width, cell.colour);
      break;
    case Align::kName:
    case Align::kPath: {
      line.add(cell.tree_lines, Colour::kFaint);
      const std::size_t used = line.width() - begin;
      const std::size_t mark = display_width(cell.mark);
      const std::string text = printable(cell.text);
      // A name of which nothing is left needs no mark.
      const std::size_t least = std::min<std::size_t>(display_width(text), 8);
      const bool is_marked = mark != 0 && width >= used + mark + least;
      const std::size_t taken = used + (is_marked ? mark : 0);
      const std::size_t room = width > taken ? width - taken : 0;
      line.add(column.align == Align::kName ? short_name(text, room) : short_path(text, room),
               cell.colour);
      if (is_marked) line.add(cell.mark, Colour::kFaint);
      break;
    }
  }
  line.pad_to(begin + width);
}

std::string TextTable::text() const {
  const std::vector<std::size_t> column_widths = widths();
  std::string text;
  const auto add_line = [&](const auto& cell_of) {
    TextLine line(style_);
    line.pad_to(indent_);
    bool first = true;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (column_widths[i] == 0) continue;
      if (!first) line.pad_to(line.width() + kGap);
      first = false;
      cell_of(line, i);
    }
    text += line.take();
  };

  if (std::ranges::any_of(columns_, [](const Column& c) { return !c.title.empty(); })) {
    add_line([&](TextLine& line, std::size_t i) {
      Column as_text = columns_[i];
      if (as_text.align != Align::kRight) as_text.align = Align::kLeft;
      add_cell(line, as_text, {.text = as_text.title, .colour = Colour::kFaint}, column_widths[i]);
    });
  }
  for (const auto& cells : rows_) {
    add_line([&](TextLine& line, std::size_t i) {
      add_cell(line, columns_[i], cells[i], column_widths[i]);
    });
  }
  return text;
}

}  // namespace profiler::render
