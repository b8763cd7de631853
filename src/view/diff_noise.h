// How far two samplings of the same thing differ by chance. A machine that was busier in one run,
// or input that was another, is no chance of sampling: what comes of it is reported as change.
//
//   const NoiseBand band({.before = 1 / n1, .after = 1 / n2}, NoiseBand::Of::kShares, z);
//   band.width(0.20, 0.25)                       // that much is chance: 0.0173…
//
// A share is a count out of n samples: k1 of n1 before, k2 of n2 after, both binomial. If nothing
// changed both have the share p = (k1 + k2) / (n1 + n2), and the difference of k1/n1 and k2/n2 has
// variance p (1 - p) (1/n1 + 1/n2): the test of two proportions with pooled variance (Agresti,
// Categorical Data Analysis, 3rd ed., 3.1; Fleiss, Statistical Methods for Rates and Proportions,
// 2.4). To this are added Yates's correction for counts being whole, (1/n1 + 1/n2) / 2, and what
// the difference is skewed by where one sampling is the finer, the second term of Cornish and
// Fisher's expansion: (z² - 1)/6 · |1 - 2p| · |1/n1 - 1/n2|. With all three, the exact chance to
// exceed the band is below the one asked for, for any p and from 10 counts on; without the last it
// is a hundred times that between samplings of 30 and 3,000.
//
// Seconds as measured are counts times what a sample stands for, and such counts are Poisson: the
// same with p small, so that 1 - p and 1 - 2p are 1.
//
// One sample's part of the whole is called its grain: 1/n of a share, its weight of a time. Where
// weights differ, n is Kish's effective number: (Σw)² / Σw² (Survey Sampling, 1965, 11.7).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "profiler/profile.h"

namespace profiler::view {

class NoiseBand {
 public:
  struct Grain {
    double before = 0;
    double after = 0;
  };
  enum class Of : std::uint8_t { kShares, kSeconds };

  /// `z`: of the normal distribution, how many standard deviations are chance.
  NoiseBand(Grain grain, Of of, double z) : grain_(grain), of_(of), z_(z) {}

  /// Changes no larger may be chance. Not negative.
  [[nodiscard]] double width(double before, double after) const;

 private:
  Grain grain_;
  Of of_;
  double z_;
};

/// For sums of which each part's square is known, as of waits, whose lengths are exact but whose
/// number is chance (a compound Poisson sum: its variance is the sum of squares).
[[nodiscard]] double noise_of_sums(double squares_before, double squares_after, double z);

/// By so many standard deviations one of `tests` quantities, none of which changed, differs in one
/// comparison of twenty (Bonferroni). At least one test is counted.
[[nodiscard]] double critical_value(std::size_t tests);
inline constexpr double kConfidence = 0.95;

/// Fewer counts, before and after together, could prove no change among many: such rows are not
/// tested, and count for nothing in `tests` (Tarone, Biometrics 46, 1990).
inline constexpr std::uint64_t kTestableSamples = 10;

/// As many samples of equal weight vary as much; 0 of none. Waits are passed over.
[[nodiscard]] double effective_samples(const std::vector<const Sample*>& samples);

}  // namespace profiler::view
