// The events that -e can name, and what perf_event_open(2) calls them.
//
//   Result<NamedEvent> event = parse_event_name("page-faults");
//   attr.type = event->type; attr.config = event->config;
//
// Knows names only, not whether this machine can count them: opening the event tells that.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "profiler/error.h"
#include "record/tracefs.h"

namespace profiler::record {

struct NamedEvent {
  std::string name;          ///< As perf writes it: "cycles" also when "cpu-cycles" was asked for.
  std::uint32_t type = 0;    ///< PERF_TYPE_*
  std::uint64_t config = 0;  ///< PERF_COUNT_*, or a trace point's number.
  std::string unit;          ///< EventInfo::unit: "ns" for clocks, else what is counted.
  /// Needs a performance monitoring unit, which virtual machines often do not have.
  [[nodiscard]] bool is_hardware() const;
  [[nodiscard]] bool is_clock() const { return unit == "ns"; }
  /// Sampled each time that it happens, whatever the frequency: trace points, as perf does, and
  /// context switches. A frequency would leave most of them out, each being a thing of its own.
  [[nodiscard]] bool is_sampled_each_time() const;
  /// How many of it are one sample where nothing else was asked for; 0: it goes by frequency. Other
  /// software events have a period too: the kernel needs long to find one by frequency, and until
  /// then says of samples that they stand for several times what they do.
  [[nodiscard]] std::uint64_t usual_period() const;
};

/// Error: no such event; its advice lists those there are.
[[nodiscard]] Result<NamedEvent> parse_event_name(std::string_view name);
/// All that there are, aliases too.
[[nodiscard]] std::vector<std::string> event_names();
/// `id`: Tracefs::id().
[[nodiscard]] NamedEvent tracepoint_event(const TracepointName& point, std::uint64_t id);

/// Whether this machine has a PMU that counts cycles for us.
[[nodiscard]] bool can_count_cycles();

}  // namespace profiler::record
