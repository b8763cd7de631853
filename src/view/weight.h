// Time (or another event's count) split by mode, and the two ways of charging it to a function.
#pragma once

#include <cstdint>

#include "profiler/profile.h"

namespace profiler::view {

/// Sums of sample weights, in the event's unit (nanoseconds for clocks).
struct Weight {
  std::uint64_t user = 0;
  std::uint64_t sys = 0;
  std::uint64_t samples = 0;

  [[nodiscard]] std::uint64_t all() const { return user + sys; }
  void add(const Sample& sample) {
    (sample.mode == Mode::kUser ? user : sys) += sample.weight;
    ++samples;
  }
  Weight& operator+=(const Weight& other) {
    user += other.user;
    sys += other.sys;
    samples += other.samples;
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
