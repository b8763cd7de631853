#include "render/report.h"

#include "render/run_text.h"
#include "view/overview.h"

namespace profiler::render {

ReportHead report_head(const Profile& profile, const std::vector<const Sample*>& samples,
                       std::uint16_t event) {
  ReportHead head;
  head.profile = &profile;
  head.event = &main_event(profile, event);
  head.sampled = view::sum(samples);
  head.quality = view::quality(profile, samples);
  head.causes = view::cause_ledger(profile, samples);
  head.events = view::event_list(profile);
  return head;
}

}  // namespace profiler::render
