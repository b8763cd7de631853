#include "view/diff_noise.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace profiler::view {
namespace {

/// The counts that n drawings with chance p have, but for those of next to no probability.
struct Counts {
  double first = 0;
  std::vector<double> probability;
};

Counts binomial(double n, double p) {
  const double deviation = std::sqrt(n * p * (1 - p));
  const double first = std::max(0.0, std::floor(n * p - 9 * deviation - 12));
  const double last = std::min(n, std::ceil(n * p + 9 * deviation + 25));
  Counts counts{.first = first, .probability = {}};
  for (double k = first; k <= last; ++k) {
    counts.probability.push_back(std::exp(std::lgamma(n + 1) - std::lgamma(k + 1) -
                                          std::lgamma(n - k + 1) + k * std::log(p) +
                                          (n - k) * std::log1p(-p)));
  }
  return counts;
}

Counts poisson(double mean) {
  const double first = std::max(0.0, std::floor(mean - 9 * std::sqrt(mean) - 12));
  Counts counts{.first = first, .probability = {}};
  for (double k = first; k <= mean + 9 * std::sqrt(mean) + 30; ++k)
    counts.probability.push_back(std::exp(k * std::log(mean) - mean - std::lgamma(k + 1)));
  return counts;
}

/// How likely two counts of the same thing differ by more than chance, exactly: `unit` is what one
/// of each stands for.
double false_alarms(const Counts& before, const Counts& after, NoiseBand::Grain unit,
                    NoiseBand::Of of, double z) {
  const NoiseBand band(unit, of, z);
  double sum = 0;
  for (std::size_t i = 0; i < before.probability.size(); ++i) {
    for (std::size_t j = 0; j < after.probability.size(); ++j) {
      const double k1 = before.first + static_cast<double>(i);
      const double k2 = after.first + static_cast<double>(j);
      if (k1 + k2 < static_cast<double>(kTestableSamples)) continue;
      const double was = k1 * unit.before;
      const double is = k2 * unit.after;
      if (std::abs(is - was) > band.width(was, is))
        sum += before.probability[i] * after.probability[j];
    }
  }
  return sum;
}

/// Both tails.
double chance_of(double z) { return std::erfc(z / std::sqrt(2.0)); }

TEST(NoiseBand, OfSharesIsExceededByChanceNoMoreOftenThanAskedFor) {
  constexpr std::pair<double, double> kSizes[] = {{40, 40},    {1000, 1000}, {30, 3000},
                                                  {3000, 100}, {5000, 5000}, {20'000, 1000}};
  for (const auto& [n1, n2] : kSizes) {
    for (const double p : {0.001, 0.01, 0.05, 0.2, 0.5, 0.9, 0.99}) {
      const Counts before = binomial(n1, p);
      const Counts after = binomial(n2, p);
      for (const double z : {1.96, 2.576, 3.291, 4.417}) {
        EXPECT_LE(false_alarms(before, after, {.before = 1 / n1, .after = 1 / n2},
                               NoiseBand::Of::kShares, z),
                  chance_of(z))
            << n1 << " and " << n2 << " samples, share " << p << ", z " << z;
      }
    }
  }
}

TEST(NoiseBand, OfSharesIsNoWiderThanItHasToBe) {
  // Half as wide, chance alone would exceed it far more often than asked for.
  const Counts counts = binomial(5000, 0.2);
  EXPECT_GT(false_alarms(counts, counts, {.before = 1 / 5000.0, .after = 1 / 5000.0},
                         NoiseBand::Of::kShares, 3.291 / 2),
            20 * chance_of(3.291));
  // A tenth of 5,000 samples each is known to about 2.5 points at four standard deviations.
  const NoiseBand band({.before = 1 / 5000.0, .after = 1 / 5000.0}, NoiseBand::Of::kShares, 4);
  EXPECT_NEAR(band.width(0.10, 0.10), 4 * std::sqrt(0.1 * 0.9 * 2 / 5000), 0.0003);
}

TEST(NoiseBand, OfSecondsIsExceededByChanceNoMoreOftenThanAskedFor) {
  // The same seconds, sampled once in 1 ms before, and in 1, 5 and 100 ms after.
  for (const double seconds : {0.02, 0.3, 2.0}) {
    for (const double period : {0.001, 0.005, 0.1}) {
      for (const double z : {1.96, 3.291, 4.417}) {
        EXPECT_LE(false_alarms(poisson(seconds / 0.001), poisson(seconds / period),
                               {.before = 0.001, .after = period}, NoiseBand::Of::kSeconds, z),
                  chance_of(z))
            << seconds << " s, a sample in " << period << " s, z " << z;
      }
    }
  }
}

TEST(NoiseBand, OfSumsIsThatOfTheirParts) {
  // 100 waits of 10 ms each vary by their square root: 10 waits, 100 ms.
  EXPECT_DOUBLE_EQ(noise_of_sums(100 * 1e-4, 0, 1), 0.1);
  EXPECT_DOUBLE_EQ(noise_of_sums(9, 16, 3), 15);
}

TEST(CriticalValue, DividesTheChanceAmongAllTests) {
  EXPECT_NEAR(critical_value(1), 1.959964, 1e-6);
  EXPECT_NEAR(critical_value(0), 1.959964, 1e-6);
  EXPECT_NEAR(critical_value(5), 2.575829, 1e-6);
  EXPECT_NEAR(critical_value(5000), 4.417173, 1e-6);
  EXPECT_GT(critical_value(1'000'000'000), 6.4);
}

TEST(EffectiveSamples, AreAllWhereWeightsAreEqualAndFewerWhereTheyDiffer) {
  std::vector<Sample> samples(100);
  std::vector<const Sample*> pointers;
  for (Sample& sample : samples) {
    sample.weight = 1'000'000;
    pointers.push_back(&sample);
  }
  EXPECT_DOUBLE_EQ(effective_samples(pointers), 100);
  samples[0].weight = 99'000'000;  // As heavy as all others.
  EXPECT_NEAR(effective_samples(pointers), 4, 0.05);
  samples[0].mode = Mode::kWait;
  EXPECT_DOUBLE_EQ(effective_samples(pointers), 99);
  EXPECT_EQ(effective_samples({}), 0);
}

}  // namespace
}  // namespace profiler::view
