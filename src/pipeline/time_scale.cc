#include "pipeline/time_scale.h"

#include <algorithm>
#include <cmath>

namespace profiler::pipeline {

void set_time_scale(Run& run, std::span<const EventTotal> totals) {
  for (std::size_t row = 0; row < std::min(totals.size(), run.events.size()); ++row) {
    EventInfo& event = run.events[row];
    const auto [weight, samples] = totals[row];
    if (event.unit != "cycles" || weight == 0) continue;
    double time_ns = 0;
    if (run.charged.user_ns && run.charged.sys_ns) {
      // Of a run that was not allowed to see the kernel, only user time was sampled.
      time_ns = static_cast<double>(*run.charged.user_ns) +
                (run.kernel_sampled ? static_cast<double>(*run.charged.sys_ns) : 0.0);
    } else if (event.frequency_hz != 0) {
      time_ns = static_cast<double>(samples) * 1e9 / static_cast<double>(event.frequency_hz);
    }
    event.ns_per_unit = time_ns / static_cast<double>(weight);
  }
}

void apply_time_scale(Profile& profile) {
  for (std::size_t row = 0; row < profile.run.events.size(); ++row) {
    EventInfo& event = profile.run.events[row];
    // A file may say anything.
    if (!(event.ns_per_unit > 0) || event.ns_per_unit > 1e9 || event.is_time()) continue;
    for (Sample& sample : profile.samples) {
      if (sample.event != row) continue;
      const double ns = static_cast<double>(sample.weight) * event.ns_per_unit;
      sample.weight = ns < 1e18 ? static_cast<std::uint64_t>(std::llround(ns)) : 0;
    }
    event.unit = "ns";
  }
}

}  // namespace profiler::pipeline
