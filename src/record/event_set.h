// All events of a recording and their rings: for each CPU one ring of samples, one of side records
// and, if asked for, one of context switches, however many events write to them.
//
//   kPerCpu     cpu 0: [sample pid -1]  -> sample ring 0     [dummy pid -1]  -> side ring 0
//   kInherited  cpu 0: [sample tid 7] [sample tid 8] -> sample ring 0, …     (all TIDs on all CPUs,
//               because an inherited event without a CPU cannot be mapped)
//
// Where several events are sampled, there is one of each at each of these places. Their records
// differ in their ids alone (sample_ids()), so that one layout decodes all of them.
//
//   auto events = EventSet::open(request);
//   if (!events) …                            // events.error().refused: no event of any kind is
//   for (EventRing& ring : events->rings()) … // permitted here
//   events->enable_samples();
//
// Side and switch events run from the moment they are opened. If asked for, there is a second
// sampling event with a larger stack dump for each of the first, which may take over
// (standby_events.h):
//
//   events->take_over([&](EventRing& ring) { reader.add(ring); });
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "profiler/error.h"
#include "profiler/event.h"
#include "profiler/profile.h"
#include "record/event_ring.h"
#include "record/perf_event.h"
#include "record/ring_size.h"
#include "record/standby_events.h"

namespace profiler::record {

struct EventRequest {
  /// At least one; with the same sample_type and registers.
  std::vector<perf_event_attr> samples;
  perf_event_attr side{};
  std::optional<perf_event_attr> switches;  ///< Opened where samples are taken.
  /// The last of `samples` is not of the profile: its records are the stacks of waits. What limits
  /// it is somebody else's business.
  bool last_is_of_waits = false;
  /// What that one, a trace point, is to match; "": everything.
  std::string wait_filter = {};
  Coverage coverage = Coverage::kPerCpu;
  std::vector<std::uint32_t> sample_cpus;  ///< Where samples are taken.
  std::vector<std::uint32_t> side_cpus;    ///< Where side records are: kPerCpu only, a superset.
  std::vector<Tid> tasks;                  ///< kInherited: whom to sample.
  bool inherit = true;                     ///< kInherited: their children and threads too.
  std::vector<Tid> side_tasks;  ///< kInherited: whose side records, those of children always.
  bool enable_on_exec = false;  ///< kInherited: sampling begins at the next exec.
  int cgroup_fd = -1;           ///< kPerCpu: only while a task of this cgroup runs.
  RingSizes sizes;
  /// Of a ring that is large enough for standby events; 0: none are opened. Nor are there any if an
  /// event is sampled each time it happens: while one takes over from another, both may sample.
  std::size_t standby_ring_bytes = 0;
};

struct OpenError {
  Error error;
  bool refused = false;     ///< Not permitted, as opposed to: no such thread, no such event.
  bool of_standby = false;  ///< Of an event that can be done without.
  std::size_t event = 0;    ///< Row of EventRequest::samples that could not be opened.
};

class EventSet {
 public:
  /// Rings that may not be that large are halved, and the stack dump with them if need be. A CPU
  /// that has gone offline and a task that has ended are left out. There are no standby events
  /// where they are refused, and where rings are too small for them.
  static std::expected<EventSet, OpenError> open(const EventRequest& request,
                                                 const OpenCall& call = perf_event_open_call);

  /// Without those of the standby events.
  [[nodiscard]] std::span<EventRing> rings() { return rings_; }
  /// Those of samples: they are the last.
  [[nodiscard]] std::span<const EventRing> sample_rings() const;
  /// Of those that sample, the first or the standby ones.
  void enable_samples() const;
  void disable_samples() const;
  void disable_all() const;
  [[nodiscard]] std::span<const PerfEvent> sample_events() const { return samples_; }
  /// Of the same rows; or none.
  [[nodiscard]] std::span<const PerfEvent> standby_events() const;
  /// From now on the standby events sample, one CPU after the other. `read_from` is given the ring
  /// that one has got before anything is written to it. Costs each CPU (kInherited: each thread)
  /// that part of a sampling period which the first event had waited, half of one on average, and
  /// samples no time twice. Error: CPUs that are left go on with the first events.
  [[nodiscard]] Result<void> take_over(const std::function<void(EventRing&)>& read_from);
  /// kPerCpu: of waits that begin from now on, so many stacks more are taken on each CPU; none
  /// before that. Fewer, if the rings hold no more of them at once.
  void allow_wait_stacks(int stacks) const;
  [[nodiscard]] bool awaits_allowance() const { return limits_waits_ && !waits_ended_; }
  /// Somebody else tells of context switches and takes the stacks of waits from now on.
  void end_waits();
  /// kInherited: a while after. A fork in progress may have copied events as they were before.
  void repeat_takeover() const;
  /// The PERF_SAMPLE_ID of each sampling event, with its row of EventRequest::samples.
  [[nodiscard]] std::vector<std::pair<std::uint64_t, std::uint16_t>> sample_ids() const;
  /// kInherited: the PERF_SAMPLE_ID of each sampling event, with the thread it was opened on.
  [[nodiscard]] std::unordered_map<std::uint64_t, Tid> sample_roots() const;
  /// Samples that found their ring full, where the kernel counts them.
  [[nodiscard]] std::optional<std::uint64_t> samples_lost() const;

  /// As the kernel accepted them; of several the first.
  [[nodiscard]] const perf_event_attr& sample_attr() const { return sample_attrs_.front(); }
  [[nodiscard]] std::span<const perf_event_attr> sample_attrs() const { return sample_attrs_; }
  [[nodiscard]] bool has_switches() const { return !switches_.empty(); }
  [[nodiscard]] bool has_standby() const { return standby_.has_value(); }
  [[nodiscard]] const perf_event_attr& side_attr() const { return side_attr_; }
  [[nodiscard]] bool kernel_sampled() const { return sample_attr().exclude_kernel == 0; }
  [[nodiscard]] const RingSizes& sizes() const { return sizes_; }

 private:
  EventSet() = default;
  std::expected<void, OpenError> open_all(const EventRequest& request, const OpenCall& call);
  void prepare(const EventRequest& request);
  std::expected<void, OpenError> open_cpu(const EventRequest& request, std::uint32_t cpu,
                                          RingKind kind, const OpenCall& call);
  std::expected<void, OpenError> map_or_redirect(std::vector<PerfEvent>& events,
                                                 std::optional<std::size_t>& owner,
                                                 std::uint32_t cpu, RingKind kind);
  /// With `row` of sample_attrs_, and its standby event; false: the place is gone.
  std::expected<bool, OpenError> open_sample(const EventPlace& place, std::size_t row,
                                             const OpenCall& call);
  std::expected<bool, OpenError> open_unsampled(const EventPlace& place, RingKind kind,
                                                const OpenCall& call);
  [[nodiscard]] std::vector<PerfEvent>& events_of(RingKind kind);
  [[nodiscard]] bool is_gone(const EventPlace& place, const Error& error) const;
  [[nodiscard]] bool one_layout() const;
  void change_over(std::size_t row) const;
  [[nodiscard]] bool is_of_waits(std::size_t row) const {
    return last_is_of_waits_ && sample_rows_[row] + 1U == sample_attrs_.size();
  }

  // Rings are unmapped before their events are closed: members go in reverse order.
  std::vector<PerfEvent> samples_;
  std::vector<Tid> sample_tasks_;           // Of the same row; -1: a whole CPU.
  std::vector<std::uint32_t> sample_cpus_;  // Likewise.
  std::vector<std::uint16_t> sample_rows_;  // Likewise: of sample_attrs_.
  std::vector<PerfEvent> sides_;
  std::vector<PerfEvent> switches_;
  std::vector<EventRing> rings_;
  std::optional<StandbyEvents> standby_;
  std::vector<bool> taken_over_;  // By row of samples_: the standby event samples.
  std::vector<perf_event_attr> sample_attrs_;
  perf_event_attr side_attr_{};
  perf_event_attr switch_attr_{};
  std::string wait_filter_;
  bool last_is_of_waits_ = false;
  bool limits_waits_ = false;  // To what allow_wait_stacks() says.
  bool waits_ended_ = false;
  RingSizes sizes_;
  std::size_t standby_ring_bytes_ = 0;
};

}  // namespace profiler::record
