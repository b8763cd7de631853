#include "record/event_name.h"

#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

#include "record/file_descriptor.h"

namespace profiler::record {
namespace {

/// A prime, so as not to keep step with a loop.
constexpr std::uint64_t kPageFaultPeriod = 101;

struct KnownEvent {
  std::string_view name;
  std::string_view alias;
  std::uint32_t type;
  std::uint64_t config;
};

constexpr std::array kEvents = {
    KnownEvent{"cpu-clock", "", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK},
    KnownEvent{"task-clock", "", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK},
    KnownEvent{"page-faults", "faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS},
    KnownEvent{"minor-faults", "", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS_MIN},
    KnownEvent{"major-faults", "", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS_MAJ},
    KnownEvent{"context-switches", "cs", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CONTEXT_SWITCHES},
    KnownEvent{"cpu-migrations", "migrations", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_MIGRATIONS},
    KnownEvent{"alignment-faults", "", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_ALIGNMENT_FAULTS},
    KnownEvent{"emulation-faults", "", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_EMULATION_FAULTS},
    KnownEvent{"cycles", "cpu-cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES},
    KnownEvent{"instructions", "", PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS},
    KnownEvent{"cache-references", "", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_REFERENCES},
    KnownEvent{"cache-misses", "", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_MISSES},
    KnownEvent{"branches", "branch-instructions", PERF_TYPE_HARDWARE,
               PERF_COUNT_HW_BRANCH_INSTRUCTIONS},
    KnownEvent{"branch-misses", "", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_MISSES},
    KnownEvent{"bus-cycles", "", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BUS_CYCLES},
    KnownEvent{"ref-cycles", "", PERF_TYPE_HARDWARE, PERF_COUNT_HW_REF_CPU_CYCLES},
    KnownEvent{"stalled-cycles-frontend", "idle-cycles-frontend", PERF_TYPE_HARDWARE,
               PERF_COUNT_HW_STALLED_CYCLES_FRONTEND},
    KnownEvent{"stalled-cycles-backend", "idle-cycles-backend", PERF_TYPE_HARDWARE,
               PERF_COUNT_HW_STALLED_CYCLES_BACKEND},
};

bool is_clock(const KnownEvent& event) {
  return event.type == PERF_TYPE_SOFTWARE &&
         (event.config == PERF_COUNT_SW_CPU_CLOCK || event.config == PERF_COUNT_SW_TASK_CLOCK);
}

}  // namespace

bool NamedEvent::is_hardware() const { return type == PERF_TYPE_HARDWARE; }

bool NamedEvent::is_sampled_each_time() const {
  return type == PERF_TYPE_TRACEPOINT ||
         (type == PERF_TYPE_SOFTWARE && config == PERF_COUNT_SW_CONTEXT_SWITCHES);
}

Result<NamedEvent> parse_event_name(std::string_view name) {
  for (const KnownEvent& event : kEvents) {
    if (name != event.name && (event.alias.empty() || name != event.alias)) continue;
    return NamedEvent{.name = std::string(event.name),
                      .type = event.type,
                      .config = event.config,
                      .unit = is_clock(event) ? "ns" : std::string(event.name)};
  }
  std::string names;
  for (const KnownEvent& event : kEvents) {
    if (!names.empty()) names += ", ";
    names += event.name;
  }
  return std::unexpected(
      Error{.what = "no event named '" + std::string(name) + "'", .advice = "there are " + names});
}

std::uint64_t NamedEvent::usual_period() const {
  if (is_sampled_each_time()) return 1;
  if (type != PERF_TYPE_SOFTWARE || is_clock()) return 0;
  const bool is_frequent =
      config == PERF_COUNT_SW_PAGE_FAULTS || config == PERF_COUNT_SW_PAGE_FAULTS_MIN;
  return is_frequent ? kPageFaultPeriod : 1;
}

std::vector<std::string> event_names() {
  std::vector<std::string> names;
  for (const KnownEvent& event : kEvents) {
    names.emplace_back(event.name);
    if (!event.alias.empty()) names.emplace_back(event.alias);
  }
  return names;
}

NamedEvent tracepoint_event(const TracepointName& point, std::uint64_t id) {
  return {.name = point.text(), .type = PERF_TYPE_TRACEPOINT, .config = id, .unit = point.text()};
}

bool can_count_cycles() {
  // Counting one's own cycles in user mode needs no privilege wherever perf events are allowed.
  perf_event_attr attr{};
  attr.size = sizeof attr;
  attr.type = PERF_TYPE_HARDWARE;
  attr.config = PERF_COUNT_HW_CPU_CYCLES;
  attr.disabled = 1;
  attr.exclude_kernel = 1;
  attr.exclude_hv = 1;
  const FileDescriptor fd(
      static_cast<int>(::syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC)));
  return static_cast<bool>(fd);
}

}  // namespace profiler::record
