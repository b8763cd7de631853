// Two recordings as one call tree with two weights a node: what differential flame graphs are made
// of.
//
//   DiffTree diff = diff_tree(joined, {}, {});
//   diff.tree.nodes[i].total, diff.total_before[i]       // after and before
//   diff.changes[i].significant
//
// A function that one build inlined and the other did not is one node. What is gone is a node of no
// weight after.
#pragma once

#include <cstdint>
#include <vector>

#include "view/call_tree.h"
#include "view/diff_profile.h"
#include "view/diff_totals.h"

namespace profiler::view {

struct DiffTree {
  CallTree tree;                    ///< Its weights are those after, its profile the joined one.
  std::vector<Weight> self_before;  ///< By node, as the others.
  std::vector<Weight> total_before;
  std::vector<Change> changes;  ///< Of totals: on the CPU, or off it where all is waits.
  DiffTotals totals;
};

[[nodiscard]] DiffTree diff_tree(const JoinedProfile& joined, const DiffOptions& options,
                                 const PathOptions& path);

}  // namespace profiler::view
