// Half as many samples that stand for the same, where all cannot be kept.
//
//   SampleThinning thinning;
//   thinning.halve(profile.samples);         // of two neighbours one stands for both
#pragma once

#include <random>
#include <vector>

#include "profiler/profile.h"

namespace profiler::pipeline {

class SampleThinning {
 public:
  /// Of each event. The one of two that stays is chosen by chance, so that no rhythm of the
  /// program's is favoured. The sum of weights stays what it was.
  void halve(std::vector<Sample>& samples);

 private:
  std::minstd_rand random_;
};

}  // namespace profiler::pipeline
