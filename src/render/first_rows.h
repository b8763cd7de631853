// The rows of a report that its --limit leaves: the first, as they are sorted.
//
//   for (const view::WaitRow& row : first_rows(head.waits, limit))
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace profiler::render {

/// `limit` 0: all. Lives no longer than `rows`.
template <class Row>
[[nodiscard]] std::span<const Row> first_rows(const std::vector<Row>& rows, std::size_t limit) {
  return std::span(rows).first(limit == 0 ? rows.size() : std::min(limit, rows.size()));
}

}  // namespace profiler::render
