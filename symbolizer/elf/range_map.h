// Which of many overlapping address ranges is the innermost one at an address.
//
//   RangeMap<std::uint32_t> map;
//   map.add(0x1000, 0x1100, function);
//   map.add(0x1040, 0x1050, part_of_it);
//   map.build();
//   map.find(0x1044);                  // {0x1040, 0x1050, part_of_it}
//
// build() cuts the ranges into disjoint pieces, so that a look-up is one binary search: at each
// address the range that starts last wins, of those the shortest, of those the one added last.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace symbolizer {

template <class Value>
class RangeMap {
 public:
  struct Piece {
    std::uint64_t start = 0;
    std::uint64_t end = 0;
    Value value{};
  };

  /// Empty and backward ranges are left out.
  void add(std::uint64_t start, std::uint64_t end, Value value) {
    if (start < end) pieces_.push_back({start, end, value});
  }

  void build() {
    std::ranges::stable_sort(pieces_, [](const Piece& a, const Piece& b) {
      return a.start != b.start ? a.start < b.start : a.end > b.end;
    });
    // A sweep: `open` holds the ranges around `position`, the innermost last.
    std::vector<Piece> disjoint;
    disjoint.reserve(pieces_.size());
    std::vector<Piece> open;
    std::uint64_t position = 0;
    const auto emit_up_to = [&](std::uint64_t end) {
      if (position < end) disjoint.push_back({position, end, open.back().value});
      position = std::max(position, end);
    };
    const auto close_up_to = [&](std::uint64_t address) {
      while (!open.empty() && open.back().end <= address) {
        emit_up_to(open.back().end);
        open.pop_back();
      }
    };
    for (const Piece& piece : pieces_) {
      close_up_to(piece.start);
      if (!open.empty()) emit_up_to(piece.start);
      position = piece.start;
      open.push_back(piece);
    }
    close_up_to(UINT64_MAX);
    disjoint.shrink_to_fit();
    pieces_ = std::move(disjoint);
  }

  /// The piece that holds `address`, or null. After build().
  [[nodiscard]] const Piece* find(std::uint64_t address) const {
    auto after = std::ranges::upper_bound(pieces_, address, std::ranges::less{}, &Piece::start);
    if (after == pieces_.begin()) return nullptr;
    --after;
    return address < after->end ? &*after : nullptr;
  }

  /// By rising address, disjoint once built.
  [[nodiscard]] std::span<const Piece> pieces() const { return pieces_; }

 private:
  std::vector<Piece> pieces_;
};

}  // namespace symbolizer
