// The columns of numbers in front of a line of source or an instruction: user, sys and self, with
// the total and its share where there is room.
//
//   ChargeColumns columns(event, function.charge.total, rows, style);
//   columns.add_titles(line);
//   columns.add(line, row.charge);                     // or add_nothing(line)
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "profiler/profile.h"
#include "render/amount.h"
#include "render/text_line.h"
#include "view/weight.h"

namespace profiler::render {

class ChargeColumns {
 public:
  /// Shares are of `whole`. `widest` are charges whose numbers must fit: all that will be added.
  ChargeColumns(const EventInfo& event, const view::Weight& whole,
                const std::vector<view::Charge>& all, const TextStyle& style);

  void add_titles(TextLine& line) const;
  void add(TextLine& line, const view::Charge& charge) const;
  /// Spaces as wide, and the mark's.
  void add_nothing(TextLine& line) const;
  [[nodiscard]] std::size_t width() const;
  /// A tenth of the whole or more.
  [[nodiscard]] bool is_hot(const view::Charge& charge) const;
  [[nodiscard]] const AmountFormat& format() const { return format_; }

 private:
  struct Column {
    std::string title;
    std::size_t width = 0;
    bool shown = true;
  };
  enum Field : std::size_t { kTotal, kUser, kSys, kSelf, kShare, kFields };
  [[nodiscard]] std::string text(Field field, const view::Charge& charge) const;

  AmountFormat format_;
  std::array<Column, kFields> columns_;
};

}  // namespace profiler::render
