#include "cli/option_values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string>

namespace profiler::cli {

namespace {

constexpr std::size_t kMostListed = 65536;
constexpr std::uint64_t kKibi = 1024;

std::unexpected<Error> invalid(std::string_view option, std::string_view text,
                               std::string_view should_be) {
  return std::unexpected(Error{.what = std::string(option) + ": '" + std::string(text) +
                                       "' is not " + std::string(should_be)});
}

/// A whole number with nothing around it.
template <class Number>
std::optional<Number> whole(std::string_view text) {
  Number value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, problem] = std::from_chars(text.data(), end, value);
  if (text.empty() || problem != std::errc() || rest != end) return std::nullopt;
  return value;
}

struct Unit {
  std::string_view name;
  double nanoseconds;
};
constexpr std::array kDurationUnits = {Unit{"", 1e9},     Unit{"ns", 1},    Unit{"us", 1e3},
                                       Unit{"ms", 1e6},   Unit{"s", 1e9},   Unit{"m", 60e9},
                                       Unit{"min", 60e9}, Unit{"h", 3600e9}};

}  // namespace

Result<std::uint64_t> parse_size(std::string_view option, std::string_view text) {
  constexpr std::string_view kExpected = "a size; give bytes, or a number with K, M, G or T";
  std::string_view digits = text.substr(0, text.find_first_not_of("0123456789"));
  std::string_view suffix = text.substr(digits.size());
  const auto count = whole<std::uint64_t>(digits);
  std::uint64_t unit = 1;
  if (!suffix.empty() && suffix != "B") {
    const auto power = std::string_view("KMGT").find(static_cast<char>(suffix[0] & ~0x20));
    suffix.remove_prefix(1);
    if (power == std::string_view::npos || !(suffix.empty() || suffix == "B" || suffix == "iB")) {
      return invalid(option, text, kExpected);
    }
    for (std::size_t i = 0; i <= power; ++i) unit *= kKibi;
  }
  std::uint64_t bytes = 0;
  if (!count || __builtin_mul_overflow(*count, unit, &bytes)) {
    return invalid(option, text, kExpected);
  }
  return bytes;
}

Result<std::chrono::nanoseconds> parse_duration(std::string_view option, std::string_view text) {
  constexpr std::string_view kExpected =
      "a duration above 0; give seconds (10), or 1.5s, 200ms, 2m";
  const std::string_view digits = text.substr(0, text.find_first_not_of("0123456789."));
  const std::string_view suffix = text.substr(digits.size());
  const auto* unit = std::ranges::find(kDurationUnits, suffix, &Unit::name);
  double value = 0;
  const char* end = digits.data() + digits.size();
  const auto [rest, problem] = std::from_chars(digits.data(), end, value);
  const bool number = !digits.empty() && problem == std::errc() && rest == end;
  if (!number || unit == kDurationUnits.end()) return invalid(option, text, kExpected);
  const double nanoseconds = std::round(value * unit->nanoseconds);
  // Beyond 2^62 ns (146 years) the sum with a clock could overflow.
  const bool fits = nanoseconds >= 1 && nanoseconds < 0x1p62;
  if (!fits) return invalid(option, text, kExpected);
  return std::chrono::nanoseconds(static_cast<std::int64_t>(nanoseconds));
}

Result<std::uint64_t> parse_number(std::string_view option, std::string_view text,
                                   std::uint64_t lowest, std::uint64_t highest) {
  const auto value = whole<std::uint64_t>(text);
  if (value && *value >= lowest && *value <= highest) return *value;
  std::string range = "a number";
  if (highest != std::numeric_limits<std::uint64_t>::max()) {
    range += " from " + std::to_string(lowest) + " to " + std::to_string(highest);
  } else if (lowest != 0) {
    range += " of at least " + std::to_string(lowest);
  }
  return invalid(option, text, range);
}

Result<std::vector<std::uint32_t>> parse_number_list(std::string_view option,
                                                     std::string_view text) {
  constexpr std::string_view kExpected = "a list of numbers; write it like 1,2 or 0-3,5";
  std::vector<std::uint32_t> numbers;
  std::string_view rest = text;
  for (bool more = true; more;) {
    const auto comma = rest.find(',');
    more = comma != std::string_view::npos;
    const std::string_view item = rest.substr(0, comma);
    if (more) rest.remove_prefix(comma + 1);
    const auto dash = item.find('-');
    const auto first = whole<std::uint32_t>(item.substr(0, dash));
    const auto last =
        dash == std::string_view::npos ? first : whole<std::uint32_t>(item.substr(dash + 1));
    if (!first || !last || *last < *first || *last - *first >= kMostListed - numbers.size()) {
      return invalid(option, text, kExpected);
    }
    for (std::uint64_t number = *first; number <= *last; ++number) {
      numbers.push_back(static_cast<std::uint32_t>(number));
    }
  }
  std::ranges::sort(numbers);
  const auto repeated = std::ranges::unique(numbers);
  numbers.erase(repeated.begin(), repeated.end());
  return numbers;
}

}  // namespace profiler::cli
