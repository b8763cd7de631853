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

#include "profiler/error.h"

namespace profiler::record {

struct NamedEvent {
  std::string name;          ///< As perf writes it: "cycles" also when "cpu-cycles" was asked for.
  std::uint32_t type = 0;    ///< PERF_TYPE_*
  std::uint64_t config = 0;  ///< PERF_COUNT_*
  std::string unit;          ///< EventInfo::unit: "ns" for clocks, else what is counted.
  /// Needs a performance monitoring unit, which virtual machines often do not have.
  [[nodiscard]] bool is_hardware() const;
};

/// Error: no such event; its advice lists those there are.
[[nodiscard]] Result<NamedEvent> parse_event_name(std::string_view name);

/// Whether this machine has a PMU that counts cycles for us.
[[nodiscard]] bool can_count_cycles();

}  // namespace profiler::record
