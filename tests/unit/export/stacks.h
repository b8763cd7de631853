// What any export of stacks must hold: their frames as tables show them, and their weight. Made of
// view::call_path, not of what exporters share.
//
//   EXPECT_EQ(read_back(text), weights_by_stack(profile, samples));
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "profiler/profile.h"
#include "view/call_path.h"
#include "view/stack_weights.h"

namespace profiler::test {

/// By "outermost;…;innermost".
using WeightByStack = std::map<std::string, std::uint64_t>;

inline WeightByStack weights_by_stack(const Profile& profile,
                                      const std::vector<const Sample*>& samples) {
  WeightByStack weights;
  for (const view::StackWeight& s : view::stack_weights(profile, samples)) {
    std::string text;
    for (const view::PathEntry& entry :
         view::call_path(profile, s.stack, {.kernel_frames = true, .wait_nodes = true})) {
      if (!text.empty()) text += ';';
      text += view::label(profile, entry);
    }
    weights[text] += s.weight.wall();
  }
  return weights;
}

}  // namespace profiler::test
