#include "render/amount.h"

#include <fmt/format.h>

#include <array>

namespace profiler::render {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

/// "12.3 M"
std::string scaled(std::uint64_t count) {
  constexpr std::array<std::string_view, 7> kSuffixes = {"", " k", " M", " G", " T", " P", " E"};
  if (count < 10'000) return fmt::format("{}", count);
  auto value = static_cast<double>(count);
  std::size_t suffix = 0;
  while (value >= 999.95 && suffix + 1 < kSuffixes.size()) {
    value /= 1000;
    ++suffix;
  }
  return fmt::format("{:.1f}{}", value, kSuffixes[suffix]);
}

}  // namespace

AmountFormat::AmountFormat(const EventInfo& event, const view::Weight& whole)
    : is_time_(event.is_time()),
      unit_(is_time_ ? "s" : event.unit),
      digits_(second_digits(whole.all())),
      few_(whole.samples < kFewSamples),
      whole_(whole.all()) {}

AmountFormat AmountFormat::of_waits(const view::Weight& whole) {
  AmountFormat format;
  // Of long waits and short ones in one table the short ones are wanted too.
  format.digits_ = whole.wait < 100 * kSecond ? 3 : second_digits(whole.wait);
  format.whole_ = whole.wait;
  return format;
}

std::string AmountFormat::amount(std::uint64_t weight) const {
  if (weight == 0) return "0";
  return is_time_ ? seconds(weight, digits_) : scaled(weight);
}

std::string AmountFormat::amount_with_unit(std::uint64_t weight) const {
  return amount(weight) + ' ' + unit_;
}

std::string AmountFormat::share(std::uint64_t weight, std::uint64_t samples) const {
  return few_ ? grouped(samples) : percent(weight, whole_);
}

double AmountFormat::fraction(std::uint64_t weight) const {
  return whole_ == 0 ? 0 : static_cast<double>(weight) / static_cast<double>(whole_);
}

int second_digits(std::uint64_t largest_ns) {
  if (largest_ns >= 1000 * kSecond) return 0;
  if (largest_ns >= 100 * kSecond) return 1;
  if (largest_ns >= 10 * kSecond) return 2;
  return 3;
}

int fine_second_digits(std::uint64_t largest_ns) {
  int digits = second_digits(largest_ns);
  for (std::uint64_t limit = kSecond; digits < 6 && largest_ns < limit; limit /= 10) ++digits;
  return digits;
}

std::string seconds(std::uint64_t ns, int digits) {
  return fmt::format("{:.{}f}", static_cast<double>(ns) / static_cast<double>(kSecond), digits);
}

std::string duration(double ns) {
  constexpr std::array<std::string_view, 4> kUnits = {"ns", "µs", "ms", "s"};
  std::size_t unit = 0;
  // What would be rounded to 1000 is 1 of the next unit.
  while (ns >= 999.5 && unit + 1 < kUnits.size()) {
    ns /= 1000;
    ++unit;
  }
  const int digits = unit == 0 || ns >= 99.95 ? 0 : ns >= 9.995 ? 1 : 2;
  return fmt::format("{:.{}f} {}", ns, digits, kUnits[unit]);
}

std::string grouped(std::uint64_t count) {
  std::string text = fmt::format("{}", count);
  for (std::size_t end = text.size(); end > 3; end -= 3) text.insert(end - 3, 1, ',');
  return text;
}

std::string percent(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return std::string(kNotMeasured);
  if (part == 0) return "0 %";
  return percent(static_cast<double>(part) / static_cast<double>(whole));
}

std::string percent(double part) {
  const double value = 100 * part;
  if (value < 0.05) return "< 0.1 %";
  if (part < 1 && value >= 99.95) return "> 99.9 %";
  return fmt::format("{:.1f} %", value);
}

std::string exact_seconds(std::uint64_t ns) {
  std::string text = std::to_string(ns / kSecond);
  const std::uint64_t rest = ns % kSecond;
  if (rest == 0) return text;
  const std::string digits = std::to_string(rest);
  constexpr std::size_t kDecimals = 9;
  text += '.';
  text.append(kDecimals - digits.size(), '0');
  text += digits;
  text.erase(text.find_last_not_of('0') + 1);
  return text;
}

}  // namespace profiler::render
