// Which of several recorded events a record belongs to, and how its records are laid out.
//
//   EventTable events(info.events);
//   std::uint32_t layout = events.layout_of(record);        // row of events.layouts()
//   run.events = events.infos();                            // without perf's own dummy events
//
// All attributes of one perf.data keep the id at the same place; perf sees to that.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "events/decoder.h"
#include "perf_data/recording_info.h"
#include "profiler/profile.h"

namespace profiler::perf_data {

class EventTable {
 public:
  /// `events`: at least one.
  explicit EventTable(const std::vector<EventDescription>& events);

  [[nodiscard]] const std::vector<events::EventLayout>& layouts() const { return layouts_; }
  /// Of the first event where the record does not tell.
  [[nodiscard]] std::uint32_t layout_of(std::span<const std::byte> record) const;
  /// The row in infos(); none for a dummy.
  [[nodiscard]] std::optional<std::uint16_t> row_of(std::uint32_t layout) const {
    return rows_[layout];
  }
  /// Names from `events`, which may have become known since.
  [[nodiscard]] std::vector<EventInfo> infos(const std::vector<EventDescription>& events) const;

 private:
  std::vector<events::EventLayout> layouts_;        // By event.
  std::vector<std::optional<std::uint16_t>> rows_;  // Likewise.
  std::unordered_map<std::uint64_t, std::uint32_t> layout_by_id_;
  std::optional<std::size_t> id_in_sample_;   // Bytes from the record's start.
  std::optional<std::size_t> id_before_end_;  // Of other records, bytes from their end.
};

}  // namespace profiler::perf_data
