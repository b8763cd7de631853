#include "render/change_text.h"

#include <fmt/format.h>

#include <cmath>

namespace profiler::render {
namespace {

/// "+3.1", and no sign of what is rounded to 0.
std::string tenths(double value) {
  return std::abs(value) < 0.05 ? "0.0" : fmt::format("{:+.1f}", value);
}

}  // namespace

std::string points(double share) { return tenths(100 * share); }

std::string signed_amount(const AmountFormat& format, double delta) {
  std::string amount = format.amount(static_cast<std::uint64_t>(std::llround(std::abs(delta))));
  const bool is_nothing = amount.find_first_of("123456789") == std::string::npos;
  if (is_nothing) return amount;
  return (delta < 0 ? '-' : '+') + amount;
}

std::string relative_change(double before, double after) {
  if (before <= 0) return std::string(kNotMeasured);
  // Of what is many times as much, percentages are hard to read.
  constexpr double kTimes = 10;
  if (after >= kTimes * before) return fmt::format("× {:.3g}", after / before);
  return tenths(100 * (after - before) / before) + " %";
}

Colour change_colour(const view::Change& change) {
  if (!change.significant) return Colour::kFaint;
  return change.delta > 0 ? Colour::kSlower : Colour::kFaster;
}

}  // namespace profiler::render
