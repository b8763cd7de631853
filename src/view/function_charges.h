// What each function is charged, by number: for tables that compare several sets of samples of one
// profile. Used inside src/view only.
//
//   FunctionCharges functions(profile, {.kernel_frames = false});
//   std::vector<Charge> charges = functions.charges(samples);
//   TableRow row = functions.row(3);                         // of charges[3]
#pragma once

#include <vector>

#include "profiler/profile.h"
#include "view/function_table.h"
#include "view/step_table.h"
#include "view/table.h"
#include "view/weight.h"

namespace profiler::view {

class FunctionCharges {
 public:
  /// The profile outlives it.
  FunctionCharges(const Profile& profile, const TableOptions& options);

  /// By step; as long as the highest one charged needs. Numbers stay from call to call.
  [[nodiscard]] std::vector<Charge> charges(const std::vector<const Sample*>& samples);
  /// Inlined: in all of the samples charged until now.
  [[nodiscard]] TableRow row(StepId step) const;

 private:
  const Profile& profile_;
  TableOptions options_;
  StepTable steps_;
  std::vector<StepId> standalone_;
  std::vector<bool> compiled_;  ///< Met as a function of its own.
};

}  // namespace profiler::view
