#include "record/permission.h"

#include <cerrno>

#include "record/event_attributes.h"
#include "record/perf_event.h"
#include "record/proc_file.h"

namespace profiler::record {
namespace {

constexpr const char* kParanoid = "/proc/sys/kernel/perf_event_paranoid";

std::string paranoid_text() {
  const auto level = read_number(kParanoid);
  return level ? "kernel.perf_event_paranoid is " + std::to_string(*level) : "";
}

}  // namespace

std::string note_kernel_hidden() {
  return "kernel mode was not sampled (" + paranoid_text() +
         "): set it to 1 or lower, or give profiler CAP_PERFMON";
}

std::string note_waits_without_stacks() {
  return "where threads waited was not recorded, only how long (" + paranoid_text() +
         "): set it to 1 or lower, or give profiler CAP_PERFMON";
}

Error explain_refusal(int system_error) {
  Error error{.what = "perf_event_open is not permitted", .system_error = system_error};
  const auto level = read_number(kParanoid);
  if (!level) {
    error.advice = "this kernel was built without perf events (CONFIG_PERF_EVENTS)";
  } else if (*level > 2) {
    error.advice = paranoid_text() + ": set it to 2 or lower, or give profiler CAP_PERFMON";
  } else {
    error.advice =
        "a seccomp filter or security module refuses it: in a container, allow perf_event_open "
        "(docker run --cap-add PERFMON --security-opt seccomp=unconfined)";
  }
  return error;
}

Error explain_target_refusal(bool system_wide, int system_error) {
  Error error{.what = "recording this process is not permitted",
              .system_error = system_error,
              .advice = "run as root, or give profiler CAP_PERFMON"};
  if (system_wide) {
    error.what = "recording whole CPUs is not permitted";
    const std::string level = paranoid_text();
    if (!level.empty()) error.advice = level + ": set it to 0 or lower, or " + error.advice;
  }
  return error;
}

bool may_open_any_event() {
  perf_event_attr attr = side_attributes();
  return open_event(attr, {.pid = 0, .cpu = -1}, false).has_value();
}

bool is_kernel_refused(const NamedEvent& event) {
  perf_event_attr attr = sample_attributes(event, {});
  if (!needs_kernel_mode(attr)) return false;
  // Of ourselves no event is refused for any other reason.
  const auto of_ourselves = open_event(attr, {.pid = 0, .cpu = -1}, false);
  return !of_ourselves && (of_ourselves.error().system_error == EACCES ||
                           of_ourselves.error().system_error == EPERM);
}

Error explain_kernel_refusal(const NamedEvent& event, int system_error) {
  return {.what = "event " + event.name + " happens in the kernel, which may not be sampled here",
          .system_error = system_error,
          .advice = paranoid_text() + ": set it to 1 or lower, or give profiler CAP_PERFMON"};
}

Error explain_failure(const NamedEvent& event, std::size_t events, const Error& error) {
  const int why = error.system_error;
  if (event.is_hardware() && (why == ENOENT || why == EOPNOTSUPP || why == ENODEV)) {
    return {.what = "event " + event.name + " cannot be counted here",
            .system_error = 0,
            .advice =
                "this machine has no performance counters, or hides them from its guests: "
                "use -e cpu-clock"};
  }
  if (why == ESRCH) {
    return {.what = "the process ended before it could be recorded"};
  }
  if (why == EMFILE) {
    return {.what = events == 1 ? "too many threads to open events for"
                                : "too many events: " + std::to_string(events) +
                                      ", each to be opened on every CPU and for every thread",
            .system_error = why,
            .advice = std::string(events == 1 ? "" : "name fewer, ") +
                      "raise the limit of open files (ulimit -n), or run as root"};
  }
  Error explained = error;
  explained.what = "event " + event.name + ": " + error.what;
  return explained;
}

}  // namespace profiler::record
