// How two weights are compared: what the time before is scaled by, and how much of a difference is
// chance.
//
//   const DiffTotals totals = diff_totals(joined, {.normalize = Normalize::kCpuTime});
//   Change change = compare_cpu(totals, critical_value(tests), before, after);
//
// Time on the CPU is compared in shares: that before is scaled to as much CPU time as there is
// after; or as measured. Waits are compared as measured always: what a thread waits does not grow
// with what others compute. diff_noise.h has the formulas.
#pragma once

#include <cstdint>

#include "profiler/profile.h"
#include "view/diff_profile.h"
#include "view/weight.h"

namespace profiler::view {

enum class Normalize : std::uint8_t {
  kCpuTime,  ///< Shares of CPU time.
  kNone,     ///< Seconds, or what else was counted.
};

struct DiffOptions {
  Normalize normalize = Normalize::kCpuTime;
  bool kernel_frames = false;
  bool waits = false;  ///< Both recordings have waits to show.
};

struct DiffTotals {
  Weight before;
  Weight after;
  double effective_before = 0;  ///< Samples (effective_samples()).
  double effective_after = 0;
  Normalize normalize = Normalize::kCpuTime;
  double scale = 1;  ///< CPU time before times this is compared.
  bool waits = false;
  double wait_squares_before = 0;  ///< What the sums of waits vary by, in ns².
  double wait_squares_after = 0;

  [[nodiscard]] bool has_cpu() const { return before.all() != 0 && after.all() != 0; }
  [[nodiscard]] bool has_waits() const { return waits && before.wait != 0 && after.wait != 0; }
};

/// What the sum of durations, of which the sample is some, varies by for it: the square of each, in
/// ns².
[[nodiscard]] double wait_square(const Sample& sample);

[[nodiscard]] DiffTotals diff_totals(const JoinedProfile& joined, const DiffOptions& options);

/// One quantity, in nanoseconds or the event's unit.
struct Change {
  double delta = 0;          ///< After, less what is compared with it.
  double noise = 0;          ///< So much, up or down, may be chance.
  bool significant = false;  ///< Beyond that. Never of what has too few counts to be tested.
};

/// What is compared of a weight: after, less before scaled.
[[nodiscard]] double cpu_delta(const DiffTotals& totals, std::uint64_t before, std::uint64_t after);

/// Whether a difference could prove a change at all: both sides have CPU time, and the two weights
/// counts enough.
[[nodiscard]] bool is_testable_cpu(const DiffTotals& totals, const Weight& before,
                                   const Weight& after);
[[nodiscard]] bool is_testable_wait(const DiffTotals& totals, const Weight& before,
                                    const Weight& after);

/// `critical`: of critical_value().
[[nodiscard]] Change compare_cpu(const DiffTotals& totals, double critical, const Weight& before,
                                 const Weight& after);
/// Squares: what the sums of durations vary by, in ns².
[[nodiscard]] Change compare_wait(const DiffTotals& totals, double critical, const Weight& before,
                                  const Weight& after, double squares_before, double squares_after);

}  // namespace profiler::view
