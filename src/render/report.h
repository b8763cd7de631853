// What every form of a report is made from: the samples' sums, and one table or tree of them.
//
//   ReportHead head = report_head(profile, samples, filter.event);
//   out = table_json(head, rows, RowsOf::kFunctions);       // report_json.h
//   out = table_text(head, rows, options, style);           // report_text.h
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "profiler/profile.h"
#include "view/cause_ledger.h"
#include "view/event_list.h"
#include "view/quality.h"
#include "view/thread_times.h"
#include "view/wait_ledger.h"
#include "view/weight.h"

namespace profiler::render {

/// Lives no longer than the profile.
struct ReportHead {
  const Profile* profile = nullptr;
  const EventInfo* event = nullptr;
  view::Weight sampled;  ///< Of the selected samples, as all that follows.
  view::Quality quality;
  std::vector<view::CauseRow> causes;
  bool has_waits = false;              ///< Waiting was recorded, and can be shown beside the event.
  std::vector<view::WaitRow> waits;    ///< By class; empty without.
  view::WaitTotals waited;             ///< Of the whole profile.
  std::vector<view::EventRow> events;  ///< All of the profile, whatever was selected.
  bool waits_only = false;             ///< Nothing but waits was selected.
  std::string selection;  ///< The filter in words, "" if everything is shown. For text only.
};

[[nodiscard]] ReportHead report_head(const Profile& profile,
                                     const std::vector<const Sample*>& samples,
                                     std::uint16_t event = 0);

enum class RowsOf : std::uint8_t {
  kFunctions,
  kModules,
  kProcesses,
  kThreads,
  kLines,
};

/// What a text table of them calls the name of a row, and where that is.
[[nodiscard]] std::string_view name_title(RowsOf rows);
[[nodiscard]] std::string_view place_title(RowsOf rows);

}  // namespace profiler::render
