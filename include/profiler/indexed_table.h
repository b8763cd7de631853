// A table whose rows are named by an index type of its own, so that a frame number cannot be used
// as a module number.
//
//   using FrameIndex = Index<struct FrameTag>;
//   IndexedTable<Frame, FrameIndex> frames;
//   FrameIndex i = frames.push_back({…});
//   frames[i].address;
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <utility>
#include <vector>

namespace profiler {

/// A row number, or none. 32 bits: a table holds fewer than 2^32 - 1 rows.
template <class Tag>
class Index {
 public:
  static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

  constexpr Index() = default;
  explicit constexpr Index(std::size_t row) : row_(static_cast<std::uint32_t>(row)) {}

  [[nodiscard]] constexpr std::uint32_t row() const { return row_; }
  explicit constexpr operator bool() const { return row_ != kNone; }
  constexpr auto operator<=>(const Index&) const = default;

 private:
  std::uint32_t row_ = kNone;
};

template <class Row, class I>
class IndexedTable {
 public:
  using value_type = Row;

  I push_back(Row row) {
    rows_.push_back(std::move(row));
    return I(rows_.size() - 1);
  }

  Row& operator[](I index) { return rows_[index.row()]; }
  const Row& operator[](I index) const { return rows_[index.row()]; }

  [[nodiscard]] bool contains(I index) const { return index.row() < rows_.size(); }
  [[nodiscard]] std::size_t size() const { return rows_.size(); }
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  void reserve(std::size_t n) { rows_.reserve(n); }
  void resize(std::size_t n) { rows_.resize(n); }
  void clear() { rows_.clear(); }

  auto begin() { return rows_.begin(); }
  auto end() { return rows_.end(); }
  auto begin() const { return rows_.begin(); }
  auto end() const { return rows_.end(); }

  /// The rows as a plain vector, for algorithms and for reading and writing whole columns.
  std::vector<Row>& rows() { return rows_; }
  const std::vector<Row>& rows() const { return rows_; }

  bool operator==(const IndexedTable&) const = default;

 private:
  std::vector<Row> rows_;
};

}  // namespace profiler

template <class Tag>
struct std::hash<profiler::Index<Tag>> {
  std::size_t operator()(profiler::Index<Tag> i) const noexcept {
    return std::hash<std::uint32_t>{}(i.row());
  }
};
