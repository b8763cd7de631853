// The kernel functions that a thread leaves its CPU through: the innermost frames of a wait's
// stack, the same ones whatever it waits for. Used inside src/view only.
//
//   SchedulerFrames scheduler(profile);
//   NodeIndex leaf = scheduler.strip(stack.kernel);      // "futex_do_wait", not "__schedule"
#pragma once

#include <string_view>
#include <vector>

#include "profiler/profile.h"

namespace profiler::view {

/// "__schedule", "io_schedule", "schedule_timeout", … : kernel/sched/core.c, kernel/time/timer.c.
[[nodiscard]] bool is_scheduler_function(std::string_view name);

class SchedulerFrames {
 public:
  explicit SchedulerFrames(const Profile& profile);

  /// The innermost frame that is none of them; the outermost of all where nothing else is known.
  [[nodiscard]] NodeIndex strip(NodeIndex leaf) const;

 private:
  [[nodiscard]] bool is_scheduler(FrameIndex frame) const;

  const Profile& profile_;
  std::vector<bool> functions_;  ///< By row.
};

}  // namespace profiler::view
