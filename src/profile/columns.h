// The columns of one payload, which may say anything, and how the rows of a table are made of them.
//
//   std::optional<Columns> c = parse_columns(payload, kThreadsCount0, kThreadsCount0);
//   if (!c) return kMalformed;
//   return decode_rows(*c, profile.threads.rows(), [&](Thread& row, std::size_t) {
//     return narrow((*c)[kTid].next_delta(), row.tid) && …;      // false: the row is refused
//   });
//
// Not the columns of any one table: each has its decoder in record_tables.cc, name_tables.cc or
// syscall_tables.cc.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "profile/column_reader.h"
#include "profile/format.h"
#include "profiler/profile.h"

namespace profiler::profile {

inline constexpr const char* kMalformed = "malformed columns";
inline constexpr const char* kBadRow = "a row refers to one that is not there";

/// The columns of one payload.
struct Columns {
  std::uint64_t first = 0;
  std::uint64_t rows = 0;
  std::array<ColumnReader, 20> column;

  ColumnReader& operator[](std::size_t i) { return column[i]; }

  /// Whether every column held what was asked of it, and no more.
  [[nodiscard]] bool used_up() const {
    return std::ranges::all_of(column, [](const ColumnReader& c) { return c.ok() && c.at_end(); });
  }
};

/// None: malformed, or a column is missing that was there from the start. A present column of
/// numbers holds at least a byte a row: so nobody allocates more rows than there are bytes.
/// `text_column` is the one that holds as much as it likes instead.
[[nodiscard]] std::optional<Columns> parse_columns(
    std::string_view payload, std::size_t known_columns, std::size_t first_columns,
    std::size_t text_column = std::numeric_limits<std::size_t>::max());

/// x of opt(x). False: out of range.
template <class I, class Table>
bool read_opt(std::uint64_t value, const Table& table, I& index) {
  index = value == 0 ? I() : I(value - 1);
  return value <= table.size();
}

template <class I, class Table>
bool read_row(std::uint64_t value, const Table& table, I& index) {
  index = I(value);
  return value < table.size();
}

/// A later version's enumerators read as `fallback`.
template <class Enum>
Enum enumerator(std::uint64_t value, Enum last, Enum fallback) {
  return value <= static_cast<std::uint64_t>(last) ? static_cast<Enum>(value) : fallback;
}

/// False: does not fit into the integer.
template <class Integer>
bool narrow(std::uint64_t value, Integer& out) {
  out = static_cast<Integer>(value);
  return static_cast<std::uint64_t>(out) == value;
}

/// Decodes all rows of a chunk with `decode(row, row number)`.
template <class Row, class Decode>
const char* decode_each(Columns& columns, std::vector<Row>& rows, Decode&& decode) {
  rows.resize(static_cast<std::size_t>(columns.rows));
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (!decode(rows[i], static_cast<std::size_t>(columns.first) + i)) return kBadRow;
  return columns.used_up() ? nullptr : kMalformed;
}

/// The same, then puts them into the table.
template <class Row, class Decode>
const char* decode_rows(Columns& columns, std::vector<Row>& table, Decode&& decode) {
  if (columns.first > table.size()) return kBadRow;
  if (columns.rows >= Index<void>::kNone - columns.first) return kMalformed;
  std::vector<Row> rows;
  if (const char* problem = decode_each(columns, rows, decode)) return problem;
  const auto first = static_cast<std::size_t>(columns.first);
  const std::size_t replaced = std::min(rows.size(), table.size() - first);
  const auto middle = rows.begin() + static_cast<std::ptrdiff_t>(replaced);
  std::move(rows.begin(), middle, table.begin() + static_cast<std::ptrdiff_t>(first));
  table.insert(table.end(), std::make_move_iterator(middle), std::make_move_iterator(rows.end()));
  return nullptr;
}

}  // namespace profiler::profile
