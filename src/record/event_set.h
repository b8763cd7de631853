// All events of a recording and their rings: for each CPU one ring of samples and one of side
// records, however many events write to them.
//
//   kPerCpu     cpu 0: [sample pid -1]  -> sample ring 0     [dummy pid -1]  -> side ring 0
//   kInherited  cpu 0: [sample tid 7] [sample tid 8] -> sample ring 0, …     (all TIDs on all CPUs,
//               because an inherited event without a CPU cannot be mapped)
//
//   auto events = EventSet::open(request);
//   if (!events) …                            // events.error().refused: no event of any kind is
//   for (EventRing& ring : events->rings()) … // permitted here
//   events->enable_samples();
//
// Side events run from the moment they are opened.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "profiler/error.h"
#include "profiler/event.h"
#include "profiler/profile.h"
#include "record/perf_event.h"
#include "record/ring_buffer.h"
#include "record/ring_size.h"

namespace profiler::record {

struct EventRequest {
  perf_event_attr sample{};
  perf_event_attr side{};
  Coverage coverage = Coverage::kPerCpu;
  std::vector<std::uint32_t> sample_cpus;  ///< Where samples are taken.
  std::vector<std::uint32_t> side_cpus;    ///< Where side records are: kPerCpu only, a superset.
  std::vector<Tid> tasks;                  ///< kInherited: whom to sample.
  bool inherit = true;                     ///< kInherited: their children and threads too.
  std::vector<Tid> side_tasks;  ///< kInherited: whose side records, those of children always.
  bool enable_on_exec = false;  ///< kInherited: sampling begins at the next exec.
  int cgroup_fd = -1;           ///< kPerCpu: only while a task of this cgroup runs.
  RingSizes sizes;
};

struct OpenError {
  Error error;
  bool refused = false;  ///< Not permitted, as opposed to: no such thread, no such event.
};

struct EventRing {
  std::uint32_t cpu = 0;
  bool side = false;
  MappedRing mapped;
  RingReader reader;
  int poll_fd = -1;
};

class EventSet {
 public:
  /// Rings that may not be that large are halved, and the stack dump with them if need be. A CPU
  /// that has gone offline and a task that has ended are left out.
  static std::expected<EventSet, OpenError> open(const EventRequest& request,
                                                 const OpenCall& call = perf_event_open_call);

  [[nodiscard]] std::span<EventRing> rings() { return rings_; }
  void enable_samples() const;
  void disable_all() const;
  void disable_samples() const;
  [[nodiscard]] std::span<const PerfEvent> sample_events() const { return samples_; }
  /// kInherited: the PERF_SAMPLE_ID of each sampling event, with the thread it was opened on.
  [[nodiscard]] std::unordered_map<std::uint64_t, Tid> sample_roots() const;
  /// Samples that found their ring full, where the kernel counts them.
  [[nodiscard]] std::optional<std::uint64_t> samples_lost() const;

  /// As the kernel accepted them.
  [[nodiscard]] const perf_event_attr& sample_attr() const { return sample_attr_; }
  [[nodiscard]] const perf_event_attr& side_attr() const { return side_attr_; }
  [[nodiscard]] bool kernel_sampled() const { return sample_attr_.exclude_kernel == 0; }
  [[nodiscard]] const RingSizes& sizes() const { return sizes_; }

 private:
  EventSet() = default;
  std::expected<void, OpenError> open_all(const EventRequest& request, const OpenCall& call);
  std::expected<void, OpenError> open_cpu(const EventRequest& request, std::uint32_t cpu, bool side,
                                          const OpenCall& call);

  // Rings are unmapped before their events are closed: members go in reverse order.
  std::vector<PerfEvent> samples_;
  std::vector<Tid> sample_tasks_;  // Of the same row; -1: a whole CPU.
  std::vector<PerfEvent> sides_;
  std::vector<EventRing> rings_;
  perf_event_attr sample_attr_{};
  perf_event_attr side_attr_{};
  RingSizes sizes_;
};

}  // namespace profiler::record
