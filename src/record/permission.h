// What this user may not see, in words for the user: one line each, with the setting that changes
// it.
//
//   if (!events.kernel_sampled()) run.notes.push_back(note_kernel_hidden());
#pragma once

#include <cstddef>
#include <string>

#include "profiler/error.h"
#include "record/event_name.h"

namespace profiler::record {

/// Samples are of user mode only.
[[nodiscard]] std::string note_kernel_hidden();
/// Of waits only the durations are known.
[[nodiscard]] std::string note_waits_without_stacks();
/// perf_event_open(2) is refused altogether: why, as far as can be told, and what to change.
[[nodiscard]] Error explain_refusal(int system_error);
/// Only this target is refused: another user's process, or whole CPUs.
[[nodiscard]] Error explain_target_refusal(bool system_wide, int system_error);
/// Whether some event is permitted to us on ourselves: then a refusal concerned the target.
[[nodiscard]] bool may_open_any_event();
/// Whether what refuses `event`, of all events, is that it happens in the kernel.
[[nodiscard]] bool is_kernel_refused(const NamedEvent& event);
[[nodiscard]] Error explain_kernel_refusal(const NamedEvent& event, int system_error);
/// Opening `event`, of so many, failed otherwise: no PMU, ….
[[nodiscard]] Error explain_failure(const NamedEvent& event, std::size_t events,
                                    const Error& error);

}  // namespace profiler::record
