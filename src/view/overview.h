// Everything the one screen of `profiler time`, and the head of a report, are made of.
//
//   Overview o = overview(profile, select(profile, {}));
//   o.sampled.sys;  o.causes[0].weight.sys;  o.functions[0].label
#pragma once

#include <vector>

#include "profiler/profile.h"
#include "view/advice.h"
#include "view/cause_ledger.h"
#include "view/event_list.h"
#include "view/quality.h"
#include "view/table.h"
#include "view/weight.h"

namespace profiler::view {

struct Overview {
  Weight sampled;  ///< All samples: set against Run::charged.
  Quality quality;
  std::vector<CauseRow> causes;  ///< Page faults from user mode in one row, whatever their kind.
  Table functions;               ///< By total, kernel frames folded.
  std::vector<Advice> advice;
  std::vector<EventRow> events;  ///< All of the profile.
};

[[nodiscard]] Weight sum(const std::vector<const Sample*>& samples);
[[nodiscard]] Overview overview(const Profile& profile, const std::vector<const Sample*>& samples);

}  // namespace profiler::view
