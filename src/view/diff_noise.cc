#include "view/diff_noise.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace profiler::view {

double NoiseBand::width(double before, double after) const {
  const double sum = grain_.before + grain_.after;
  if (grain_.before <= 0 || grain_.after <= 0) return 0;
  // All counts over all there is to be counted.
  const double pooled =
      (before / grain_.before + after / grain_.after) / (1 / grain_.before + 1 / grain_.after);
  const bool shares = of_ == Of::kShares;
  const double variance = pooled * (shares ? std::max(1 - pooled, 0.0) : 1) * sum;
  const double skew = (z_ * z_ - 1) / 6 * (shares ? std::abs(1 - 2 * pooled) : 1) *
                      std::abs(grain_.before - grain_.after);
  return z_ * std::sqrt(variance) + std::max(skew, 0.0) + sum / 2;
}

double noise_of_sums(double squares_before, double squares_after, double z) {
  return z * std::sqrt(squares_before + squares_after);
}

double critical_value(std::size_t tests) {
  const double chance = (1 - kConfidence) / static_cast<double>(std::max<std::size_t>(tests, 1));
  // Both tails of the normal distribution: erfc falls from 1 to 0.
  double low = 0;
  double high = 20;
  for (int i = 0; i < 60; ++i) {
    const double z = (low + high) / 2;
    (std::erfc(z / std::numbers::sqrt2) > chance ? low : high) = z;
  }
  return high;
}

double effective_samples(const std::vector<const Sample*>& samples) {
  double sum = 0;
  double squares = 0;
  for (const Sample* sample : samples) {
    if (sample->mode == Mode::kWait) continue;
    const auto weight = static_cast<double>(sample->weight);
    sum += weight;
    squares += weight * weight;
  }
  return squares > 0 ? sum * sum / squares : 0;
}

}  // namespace profiler::view
