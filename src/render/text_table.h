// A table that fits a width: numbers keep their columns, names share what is left.
//
//   TextTable table(style);
//   table.column("total", Align::kRight);
//   table.column("function", Align::kName);
//   table.row({{"4.31"}, {"std::vector<int>::push_back(int const&)", Colour::kName}});
//   out += table.text();
//
// Columns are two spaces apart. Text in name and path columns is shortened to fit, in others it is
// never cut.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "render/text_line.h"

namespace profiler::render {

enum class Align : std::uint8_t {
  kLeft,
  kRight,
  kName,  ///< Left; shares the room that is left.
  kPath,  ///< Left; like kName, but keeps its end, and gives way first.
  kBar,   ///< The cell's fraction is drawn.
};

struct Cell {
  std::string text = {};
  Colour colour = Colour::kPlain;
  double fraction = 0;          ///< kBar only.
  std::string tree_lines = {};  ///< Before a name; never cut.
  std::string mark = {};        ///< After a name, faint; never cut, but gone where names are.
};

class TextTable {
 public:
  /// Everything is moved `indent` columns to the right.
  explicit TextTable(const TextStyle& style, std::size_t indent = 0)
      : style_(style), indent_(indent) {}

  /// `width`: of a bar; the least for a name or path (which vanishes where there is less room).
  void column(std::string title, Align align, std::size_t width = 0);
  /// One cell for each column.
  void row(std::vector<Cell> cells);
  [[nodiscard]] bool empty() const { return rows_.empty(); }

  /// Titles, then the rows; without titles if all are empty.
  [[nodiscard]] std::string text() const;

 private:
  struct Column {
    std::string title;
    Align align;
    std::size_t width;
  };
  [[nodiscard]] std::vector<std::size_t> natural_widths() const;
  [[nodiscard]] std::vector<std::size_t> widths() const;
  void add_cell(TextLine& line, const Column& column, const Cell& cell, std::size_t width) const;

  const TextStyle& style_;
  std::size_t indent_;
  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace profiler::render
