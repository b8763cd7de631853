#include "view/scheduler_frames.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace profiler::view {

bool is_scheduler_function(std::string_view name) {
  constexpr std::array<std::string_view, 13> kBeginnings = {
      "__schedule", "schedule_timeout", "schedule_hrtimeout", "schedule_preempt", "schedule_rtlock",
      "io_schedule", "preempt_schedule", "wait_for_completion", "__wait_for_common",
      "do_wait_for_common", "prepare_task_switch", "wait_woken",
      // What takes the stack at the switch: a BPF program,
      "bpf_trace_run"};
  constexpr std::array<std::string_view, 4> kWhole = {
      "schedule",
      // or an event.
      "__traceiter_sched_switch", "perf_event_task_sched_out", "__perf_event_task_sched_out"};
  return std::ranges::find(kWhole, name) != kWhole.end() ||
         std::ranges::any_of(kBeginnings, [name](std::string_view beginning) {
           return name.starts_with(beginning);
         });
}

SchedulerFrames::SchedulerFrames(const Profile& profile)
    : profile_(profile), functions_(profile.functions.size()) {
  for (std::size_t i = 0; i < functions_.size(); ++i) {
    const Function& function = profile.functions[FunctionIndex(i)];
    functions_[i] = function.kernel && is_scheduler_function(profile.text(function.name));
  }
}

bool SchedulerFrames::is_scheduler(FrameIndex index) const {
  if (!index) return false;
  // All that is inlined into it too: "schedule_timeout" in a function of another name is not.
  const FrameName name = profile_.frames[index].name;
  for (std::size_t i = 0; i < name.count; ++i) {
    const LocationIndex location(name.first.row() + i);
    if (!profile_.locations.contains(location)) return false;
    const FunctionIndex function = profile_.locations[location].function;
    if (!function || !functions_[function.row()]) return false;
  }
  return name.count != 0;
}

NodeIndex SchedulerFrames::strip(NodeIndex leaf) const {
  NodeIndex node = leaf;
  while (node && is_scheduler(profile_.nodes[node].frame) && profile_.nodes[node].parent)
    node = profile_.nodes[node].parent;
  return node;
}

}  // namespace profiler::view
