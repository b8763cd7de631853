// Bytes of perf_event_open(2) records to Events. Source: linux/perf_event.h, PERF_RECORD_*.
//
//   EventLayout layout = EventLayout::of(attr);
//   Result<Event> event = decode(record_bytes, layout);
//
// Reads through a bounds-checked cursor: a record that claims more than it holds is an Error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "profiler/error.h"
#include "profiler/event.h"

struct perf_event_attr;  // NOLINT(readability-identifier-naming): the kernel's

namespace profiler::events {

/// The parts of perf_event_attr that say what records look like.
struct EventLayout {
  std::uint64_t sample_type = 0;         ///< PERF_SAMPLE_*
  std::uint64_t read_format = 0;         ///< PERF_FORMAT_*
  std::uint64_t branch_sample_type = 0;  ///< PERF_SAMPLE_BRANCH_*
  std::uint64_t user_register_mask = 0;  ///< sample_regs_user
  std::uint64_t interrupt_register_mask = 0;
  bool sample_id_all = false;
  /// The period of each sample where records do not say (no PERF_SAMPLE_PERIOD): sample_period.
  std::uint64_t fixed_period = 0;

  static EventLayout of(const perf_event_attr& attr);
};

/// `record` begins with its perf_event_header and is header.size bytes long. The Event points into
/// it.
[[nodiscard]] Result<Event> decode(std::span<const std::byte> record, const EventLayout& layout);

/// The time of a record, without decoding the rest; none where the layout has no time.
[[nodiscard]] std::optional<std::uint64_t> time_of(std::span<const std::byte> record,
                                                   const EventLayout& layout);

}  // namespace profiler::events
