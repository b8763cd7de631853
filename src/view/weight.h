// Time (or another event's count) split by mode, and the two ways of charging it to a function.
#pragma once

#include <cstdint>

#include "profiler/profile.h"

namespace profiler::view {

/// Sums of sample weights, in the event's unit (nanoseconds for clocks). `wait` is time off the
/// CPU, always in nanoseconds, and no part of all().
struct Weight {
  std::uint64_t user = 0;
  std::uint64_t sys = 0;
  std::uint64_t samples = 0;  ///< On the CPU.
  std::uint64_t wait = 0;
  std::uint64_t waits = 0;  ///< How many.

  [[nodiscard]] std::uint64_t all() const { return user + sys; }
  /// With the time off the CPU: of a clock's samples only.
  [[nodiscard]] std::uint64_t wall() const { return user + sys + wait; }
  /// Nothing was charged.
  [[nodiscard]] bool empty() const { return samples == 0 && wait == 0 && waits == 0; }
  void add(const Sample& sample) {
    if (sample.mode == Mode::kWait) {
      wait += sample.weight;
      waits += sample.waits;
      return;
    }
    (sample.mode == Mode::kUser ? user : sys) += sample.weight;
    ++samples;
  }
  Weight& operator+=(const Weight& other) {
    user += other.user;
    sys += other.sys;
    samples += other.samples;
    wait += other.wait;
    waits += other.waits;
    return *this;
  }
  bool operator==(const Weight&) const = default;
};

/// self: samples whose innermost frame it is. total: samples whose stack holds it, each once.
struct Charge {
  Weight self;
  Weight total;
  bool operator==(const Charge&) const = default;
};

}  // namespace profiler::view
