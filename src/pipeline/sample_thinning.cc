#include "pipeline/sample_thinning.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <utility>

namespace profiler::pipeline {

void SampleThinning::halve(std::vector<Sample>& samples) {
  std::vector<Sample> kept;
  kept.reserve(samples.size());
  std::unordered_map<std::uint16_t, std::size_t> waiting;  // By event: for the other of a pair.
  for (const Sample& sample : samples) {
    const auto [first, is_first] = waiting.emplace(sample.event, kept.size());
    if (is_first) {
      kept.push_back(sample);
      continue;
    }
    Sample& pair = kept[first->second];
    const std::uint64_t weight = pair.weight + sample.weight;
    if ((random_() & 1) != 0) pair = sample;
    pair.weight = weight;
    waiting.erase(first);
  }
  std::ranges::stable_sort(kept, {}, &Sample::time_ns);
  kept.shrink_to_fit();
  samples = std::move(kept);
}

}  // namespace profiler::pipeline
