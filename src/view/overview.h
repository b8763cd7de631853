// Everything the one screen of `profiler time`, and the head of a report, are made of.
//
//   const Selection both = select_with_waits(profile, {});
//   Overview o = overview(profile, both.samples);
//   o.sampled.sys;  o.causes[0].weight.sys;  o.functions[0].label
#pragma once

#include <vector>

#include "profiler/profile.h"
#include "view/advice.h"
#include "view/cause_ledger.h"
#include "view/event_list.h"
#include "view/quality.h"
#include "view/table.h"
#include "view/thread_times.h"
#include "view/wait_ledger.h"
#include "view/weight.h"

namespace profiler::view {

struct Overview {
  Weight sampled;                 ///< All samples: set against Run::charged.
  bool has_waits = false;         ///< Waiting was recorded; else all that is said of it is empty.
  WaitTotals waited;              ///< Exact.
  std::vector<WaitRow> waits;     ///< By class, but for those of idle threads.
  std::vector<IdleThreads> idle;  ///< Heaviest first.
  Quality quality;
  std::vector<CauseRow> causes;  ///< Page faults from user mode in one row, whatever their kind.
  Table functions;  ///< By total, kernel frames folded; without what idle threads waited.
  std::vector<Advice> advice;
  std::vector<EventRow> events;  ///< All of the profile.
};

[[nodiscard]] Weight sum(const std::vector<const Sample*>& samples);
[[nodiscard]] Overview overview(const Profile& profile, const std::vector<const Sample*>& samples);

}  // namespace profiler::view
