#include "symbolizer/jit/perf_map.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

namespace symbolizer {
namespace {

using profiler::RuntimeAddress;

struct Line {
  std::uint64_t start = 0;
  std::uint64_t size = 0;
  std::string_view name;
};

std::string_view without_blanks(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  return text;
}

/// Cuts a hexadecimal number off `text`.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  text = without_blanks(text);
  if (text.starts_with("0x") || text.starts_with("0X")) text.remove_prefix(2);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (text.empty() || (text[0] != ' ' && text[0] != '\t')) return std::nullopt;
  return number;
}

std::optional<Line> parse(std::string_view text) {
  const auto start = take_number(text);
  if (!start) return std::nullopt;
  const auto size = take_number(text);
  if (!size || *size == 0) return std::nullopt;
  std::string_view name = without_blanks(text);
  if (name.ends_with('\r')) name.remove_suffix(1);
  if (name.empty()) return std::nullopt;
  return Line{.start = *start, .size = *size, .name = name.substr(0, kMaxJitName)};
}

/// Which of some numbered things are still to be done; the next such one is found at once.
class Remaining {
 public:
  explicit Remaining(std::size_t count) : next_(count + 1), left_(count) {
    for (std::size_t i = 0; i < next_.size(); ++i) next_[i] = i;
  }
  /// The first that remains from `i` on; the count if there is none.
  [[nodiscard]] std::size_t from(std::size_t i) {
    while (next_[i] != i) i = next_[i] = next_[next_[i]];
    return i;
  }
  void remove(std::size_t i) {
    next_[i] = i + 1;
    --left_;
  }
  [[nodiscard]] bool empty() const { return left_ == 0; }

 private:
  std::vector<std::size_t> next_;
  std::size_t left_;
};

}  // namespace

std::vector<std::string> find_in_perf_map(std::string_view text,
                                          std::span<const RuntimeAddress> sorted) {
  std::vector<std::string> names(sorted.size());
  Remaining remaining(sorted.size());
  text = text.substr(0, text.rfind('\n') + 1);
  while (!text.empty() && !remaining.empty()) {
    text.remove_suffix(1);
    const std::size_t begin = text.rfind('\n') + 1;
    if (const auto line = parse(text.substr(begin))) {
      const auto first = std::ranges::lower_bound(sorted, RuntimeAddress(line->start));
      auto i = remaining.from(static_cast<std::size_t>(first - sorted.begin()));
      for (; i < sorted.size() && sorted[i].value() - line->start < line->size;
           i = remaining.from(i)) {
        names[i] = line->name;
        remaining.remove(i);
      }
    }
    text = text.substr(0, begin);
  }
  return names;
}

}  // namespace symbolizer
