#include "syscalls/ring_events.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <ctime>
#include <limits>
#include <string>
#include <utility>

#include "record/descriptor_limit.h"
#include "record/event_attributes.h"
#include "record/permission.h"
#include "record/proc_file.h"
#include "record/ring_size.h"

namespace profiler::syscalls {
namespace {

// A thread that does nothing but getppid() writes 300 MB a second: 13 ms of it fit. Of all CPUs'
// doing that, none was lost by a reader at real-time priority, as some were with half of it.
constexpr std::uint64_t kLargestRing = std::uint64_t{4} << 20;
constexpr std::uint64_t kLeastRing = std::uint64_t{1} << 20;
constexpr std::uint64_t kAllRings = std::uint64_t{128} << 20;

perf_event_attr common_attributes() {
  perf_event_attr attr{};
  attr.size = sizeof attr;
  attr.disabled = 1;
  attr.sample_id_all = 1;
  attr.use_clockid = 1;
  attr.clockid = CLOCK_MONOTONIC;
  attr.sample_period = 1;
  // Records are many and told apart by their raw data: no identifier, no CPU.
  attr.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME;
  attr.read_format = record::kPerfFormatLost;
  attr.watermark = 1;
  return attr;
}

perf_event_attr tracepoint(std::uint64_t id) {
  perf_event_attr attr = common_attributes();
  attr.type = PERF_TYPE_TRACEPOINT;
  attr.config = id;
  attr.sample_type |= PERF_SAMPLE_RAW;
  return attr;
}

/// RingRecords reads these without asking again.
Result<std::uint64_t> raw_syscall_id(const record::Tracefs& tracefs, const char* name,
                                     const char* second_field) {
  const record::TracepointName point{.system = "raw_syscalls", .name = name};
  const auto id = tracefs.id(point);
  if (!id) return std::unexpected(id.error());
  const auto format = tracefs.format(point);
  if (!format) return std::unexpected(format.error());
  const record::TracepointField* number = format->field("id");
  const record::TracepointField* second = format->field(second_field);
  if (number == nullptr || number->offset != 8 || number->size != 8 || second == nullptr ||
      second->offset != 16 || second->size < 8) {
    return std::unexpected(Error{.what = point.text() + " has a layout that is not known"});
  }
  return *id;
}

std::vector<Coverage> coverages(const record::Target& target,
                                const record::RecordOptions& options) {
  if (target.is_system_wide()) return {Coverage::kPerCpu};
  if (target.scope() == Scope::kThreads) return {Coverage::kInherited};
  if (options.coverage) return {*options.coverage};
  return {Coverage::kPerCpu, Coverage::kInherited};
}

bool is_refusal(int system_error) { return system_error == EACCES || system_error == EPERM; }

}  // namespace

std::uint64_t default_ring_bytes(std::size_t cpus) {
  const std::uint64_t share = std::bit_floor(kAllRings / std::max<std::size_t>(cpus, 1));
  return std::clamp(share, kLeastRing, kLargestRing);
}

/// What is opened in each place. The first has the ring.
struct RingEvents::Kinds {
  std::vector<perf_event_attr> attrs;
  RecordLayout layout;
  bool inherit = false;
};

Result<RingEvents> RingEvents::open(const record::Target& target,
                                    const record::RecordOptions& options,
                                    std::uint64_t ring_bytes) {
  const auto tracefs = record::Tracefs::open();
  if (!tracefs) return std::unexpected(tracefs.error());
  const auto enter = raw_syscall_id(*tracefs, "sys_enter", "args");
  if (!enter) return std::unexpected(enter.error());
  const auto leave = raw_syscall_id(*tracefs, "sys_exit", "ret");
  if (!leave) return std::unexpected(leave.error());
  const auto signal = tracefs->id({.system = "signal", .name = "signal_deliver"});

  const std::vector<std::uint32_t> cpus =
      target.scope() == Scope::kCpus ? options.cpus : record::online_cpus();
  if (ring_bytes == 0) ring_bytes = std::max(default_ring_bytes(cpus.size()), options.ring_bytes);
  ring_bytes = std::bit_ceil(std::max<std::uint64_t>(ring_bytes, 4096));
  bool descriptors_raised = false;
  Result<RingEvents> result = std::unexpected(Error{});
  for (const Coverage coverage : coverages(target, options)) {
    Kinds kinds;
    kinds.inherit = coverage == Coverage::kInherited && target.scope() != Scope::kThreads;
    perf_event_attr side = common_attributes();
    side.type = PERF_TYPE_SOFTWARE;
    side.config = PERF_COUNT_SW_DUMMY;
    side.context_switch = 1;
    side.task = 1;
    side.comm = 1;
    perf_event_attr entries = tracepoint(*enter);
    entries.sample_type |= PERF_SAMPLE_REGS_USER;
    entries.sample_regs_user = 1;  // Any: its word for the ABI is what is wanted.
    kinds.attrs = {entries, tracepoint(*leave), side};
    kinds.layout = {.enter = static_cast<std::uint16_t>(*enter),
                    .leave = static_cast<std::uint16_t>(*leave)};
    // Where events are inherited, each costs every fork; this one is worth it elsewhere.
    if (signal && coverage == Coverage::kPerCpu) {
      kinds.attrs.push_back(tracepoint(*signal));
      kinds.layout.signal = static_cast<std::uint16_t>(*signal);
    }
    for (std::uint64_t bytes = ring_bytes;;) {
      result = open_all(target, cpus, kinds, coverage, bytes);
      if (result) return result;
      const int why = result.error().system_error;
      if (why == EMFILE && !std::exchange(descriptors_raised, true)) {
        record::raise_descriptor_limit();
        continue;
      }
      // EPERM of a mapping is the limit on locked memory.
      const bool ring_too_large = why == ENOMEM || (why == EPERM && !result.error().advice.empty());
      if (!ring_too_large || bytes <= record::kSmallestRing) break;
      bytes /= 2;
    }
    if (!is_refusal(result.error().system_error)) break;
  }
  return result;
}

Result<RingEvents> RingEvents::open_all(const record::Target& target,
                                        const std::vector<std::uint32_t>& cpus, const Kinds& kinds,
                                        Coverage coverage, std::uint64_t ring_bytes) {
  RingEvents events;
  events.coverage_ = coverage;
  events.ring_bytes_ = ring_bytes;
  events.layout_ = kinds.layout;
  const std::vector<Tid> tasks =
      coverage == Coverage::kInherited ? target.tasks() : std::vector<Tid>{};
  for (const std::uint32_t cpu : cpus) {
    std::vector<record::EventPlace> places;
    if (coverage == Coverage::kInherited) {
      for (const Tid tid : tasks) places.push_back({.pid = tid, .cpu = static_cast<int>(cpu)});
    } else if (target.cgroup_fd() >= 0) {
      places.push_back(
          {.pid = target.cgroup_fd(), .cpu = static_cast<int>(cpu), .flags = PERF_FLAG_PID_CGROUP});
    } else {
      places.push_back({.pid = -1, .cpu = static_cast<int>(cpu)});
    }
    const auto opened = events.open_cpu(places, cpu, kinds);
    if (!opened) return std::unexpected(opened.error());
  }
  if (events.rings_.empty()) {
    return std::unexpected(Error{.what = "nothing to count: no such thread, or no such CPU"});
  }
  return events;
}

Result<void> RingEvents::open_cpu(const std::vector<record::EventPlace>& places, std::uint32_t cpu,
                                  const Kinds& kinds) {
  std::optional<std::size_t> owner;
  for (const record::EventPlace& place : places) {
    for (perf_event_attr attr : kinds.attrs) {
      attr.inherit = kinds.inherit ? 1 : 0;
      // An eighth: at the fastest, the reader then has the time of seven more.
      attr.wakeup_watermark = static_cast<std::uint32_t>(
          std::min<std::uint64_t>(ring_bytes_ / 8, std::numeric_limits<std::uint32_t>::max()));
      auto event = record::open_event(attr, place, false);
      if (!event) {
        const int why = event.error().system_error;
        // The CPU is offline, or the thread has ended.
        if (why == ENODEV || why == ESRCH) break;
        return std::unexpected(
            is_refusal(why)
                ? Error{.what = "recording system calls is not permitted", .system_error = why}
                : event.error());
      }
      events_.push_back(*std::move(event));
      if (owner) {
        const auto shared = events_.back().redirect_to(events_[*owner].fd());
        if (!shared) return std::unexpected(shared.error());
        continue;
      }
      owner = events_.size() - 1;
      auto ring =
          record::EventRing::map(events_.back(), cpu, record::RingKind::kSamples, ring_bytes_);
      if (!ring) return std::unexpected(ring.error());
      rings_.push_back(*std::move(ring));
    }
  }
  return {};
}

void RingEvents::enable() const {
  for (const record::PerfEvent& event : events_) event.enable();
}

void RingEvents::disable() const {
  for (const record::PerfEvent& event : events_) event.disable();
}

std::optional<std::uint64_t> RingEvents::lost() const {
  std::uint64_t lost = 0;
  for (const record::PerfEvent& event : events_) {
    const auto count = event.lost(record::kPerfFormatLost);
    if (!count) return std::nullopt;
    lost += *count;
  }
  return lost;
}

}  // namespace profiler::syscalls
