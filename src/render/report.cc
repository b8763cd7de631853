#include "render/report.h"

#include "render/run_text.h"
#include "view/overview.h"
#include "view/wait_samples.h"

namespace profiler::render {

ReportHead report_head(const Profile& profile, const std::vector<const Sample*>& samples,
                       std::uint16_t event) {
  ReportHead head;
  head.profile = &profile;
  head.event = &main_event(profile, event);
  head.sampled = view::sum(samples);
  head.quality = view::quality(profile, samples);
  head.causes = view::cause_ledger(profile, samples);
  head.has_waits = view::shows_waiting(profile, *head.event);
  if (head.has_waits) head.waits = view::wait_ledger(profile, samples);
  head.waited = view::wait_totals(profile);
  head.events = view::event_list(profile);
  return head;
}

std::string_view name_title(RowsOf rows) {
  switch (rows) {
    case RowsOf::kFunctions:
      return "function";
    case RowsOf::kModules:
      return "module";
    case RowsOf::kProcesses:
      return "process";
    case RowsOf::kThreads:
      return "thread";
    case RowsOf::kLines:
      return "function";
  }
  return "";
}

std::string_view place_title(RowsOf rows) {
  switch (rows) {
    case RowsOf::kModules:
      return "path";
    case RowsOf::kThreads:
      return "process";
    case RowsOf::kLines:
      return "line";
    default:
      return "";
  }
}

}  // namespace profiler::render
