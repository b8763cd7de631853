#include "render/html_columns.h"

#include <algorithm>
#include <vector>

namespace profiler::render {

void HtmlColumns::ascending(std::span<const std::uint32_t> values) {
  std::vector<std::uint64_t> differences;
  differences.reserve(values.size());
  std::int64_t largest = -1;
  for (const std::uint32_t value : values) {
    differences.push_back(folded(value - largest));
    largest = std::max<std::int64_t>(largest, value);
  }
  wide(differences);
}

}  // namespace profiler::render
