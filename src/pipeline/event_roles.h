// What the samples of each opened event are for, and what each stands for.
//
//   EventRoles roles;
//   roles.set_row(event_id, 1);                       // PERF_SAMPLE_ID to a row of Run::events
//   roles.set_role(2, EventRole::kWaitStack);         // a row beyond: no event of the profile
//   roles.role_of(roles.row_of(sample.context.id))
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

namespace profiler::pipeline {

enum class EventRole : std::uint8_t {
  kSample,        ///< Samples of the profile.
  kWaitStack,     ///< Taken as a thread leaves its CPU: the stack of its wait.
  kBpfWaitStack,  ///< Likewise; its innermost function is the BPF program that sent it.
  kBpfWaker,      ///< Of who wakes a thread, whose id is the raw data; likewise.
};

class EventRoles {
 public:
  void set_row(std::uint64_t id, std::uint16_t row) { rows_.emplace(id, row); }
  void set_role(std::uint16_t row, EventRole role) { at(row).role = role; }
  void set_weight(std::uint16_t row, std::uint64_t weight) { at(row).weight = weight; }

  /// 0 of an unknown event.
  [[nodiscard]] std::uint16_t row_of(std::uint64_t id) const {
    const auto found = rows_.find(id);
    return found == rows_.end() ? std::uint16_t{0} : found->second;
  }
  [[nodiscard]] EventRole role_of(std::uint16_t row) const {
    return row < events_.size() ? events_[row].role : EventRole::kSample;
  }
  /// Of a sample whose record says `told`.
  [[nodiscard]] std::uint64_t weight_of(std::uint16_t row, std::uint64_t told) const {
    return row < events_.size() && events_[row].weight != 0 ? events_[row].weight : told;
  }

 private:
  struct Event {
    EventRole role = EventRole::kSample;
    std::uint64_t weight = 0;  // 0: as records say.
  };
  Event& at(std::uint16_t row) {
    if (row >= events_.size()) events_.resize(row + std::size_t{1});
    return events_[row];
  }

  std::unordered_map<std::uint64_t, std::uint16_t> rows_;
  std::vector<Event> events_;
};

}  // namespace profiler::pipeline
