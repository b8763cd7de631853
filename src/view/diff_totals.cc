#include "view/diff_totals.h"

#include <algorithm>
#include <cmath>

#include "view/diff_noise.h"
#include "view/overview.h"

namespace profiler::view {

double wait_square(const Sample& sample) {
  if (sample.mode != Mode::kWait) return 0;
  const auto ns = static_cast<double>(sample.weight);
  return ns * ns / std::max<double>(sample.waits, 1);
}

DiffTotals diff_totals(const JoinedProfile& joined, const DiffOptions& options) {
  const auto before = joined.before();
  const auto after = joined.after();
  DiffTotals totals;
  totals.before = sum(before);
  totals.after = sum(after);
  totals.effective_before = effective_samples(before);
  totals.effective_after = effective_samples(after);
  totals.normalize = options.normalize;
  totals.waits = options.waits;
  for (const Sample* sample : before) totals.wait_squares_before += wait_square(*sample);
  for (const Sample* sample : after) totals.wait_squares_after += wait_square(*sample);
  if (options.normalize == Normalize::kCpuTime && totals.has_cpu()) {
    totals.scale =
        static_cast<double>(totals.after.all()) / static_cast<double>(totals.before.all());
  }
  return totals;
}

double cpu_delta(const DiffTotals& totals, std::uint64_t before, std::uint64_t after) {
  return static_cast<double>(after) - totals.scale * static_cast<double>(before);
}

bool is_testable_cpu(const DiffTotals& totals, const Weight& before, const Weight& after) {
  return totals.has_cpu() && before.samples + after.samples >= kTestableSamples;
}

bool is_testable_wait(const DiffTotals& totals, const Weight& before, const Weight& after) {
  return totals.waits && before.waits + after.waits >= kTestableSamples;
}

Change compare_cpu(const DiffTotals& totals, double critical, const Weight& before,
                   const Weight& after) {
  Change change;
  change.delta = cpu_delta(totals, before.all(), after.all());
  if (totals.effective_before <= 0 || totals.effective_after <= 0) return change;
  const auto was = static_cast<double>(before.all());
  const auto is = static_cast<double>(after.all());
  const auto all_before = static_cast<double>(totals.before.all());
  const auto all_after = static_cast<double>(totals.after.all());
  if (totals.normalize == Normalize::kCpuTime) {
    const NoiseBand band(
        {.before = 1 / totals.effective_before, .after = 1 / totals.effective_after},
        NoiseBand::Of::kShares, critical);
    change.noise = all_after * band.width(was / all_before, is / all_after);
  } else {
    const NoiseBand band({.before = all_before / totals.effective_before,
                          .after = all_after / totals.effective_after},
                         NoiseBand::Of::kSeconds, critical);
    change.noise = band.width(was, is);
  }
  change.significant =
      std::abs(change.delta) > change.noise && is_testable_cpu(totals, before, after);
  return change;
}

Change compare_wait(const DiffTotals& totals, double critical, const Weight& before,
                    const Weight& after, double squares_before, double squares_after) {
  Change change;
  change.delta = static_cast<double>(after.wait) - static_cast<double>(before.wait);
  change.noise = noise_of_sums(squares_before, squares_after, critical);
  change.significant =
      std::abs(change.delta) > change.noise && is_testable_wait(totals, before, after);
  return change;
}

}  // namespace profiler::view
