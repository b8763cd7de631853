// Everything that runs while samples are taken: events, rings, reader and worker, started and
// stopped together.
//
//   auto opened = Sampling::open(options, event, target, notes);
//   Sampling sampling(*std::move(opened), …);   // threads run, nothing is sampled yet
//   sampling.enable();
//   …
//   SamplingResult result = sampling.stop();    // all that was sampled is in the pipeline
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "events/decoder.h"
#include "pipeline/pipeline.h"
#include "profiler/profile.h"
#include "record/added_events.h"
#include "record/event_name.h"
#include "record/event_set.h"
#include "record/handoff.h"
#include "record/observer.h"
#include "record/process_filter.h"
#include "record/reader.h"
#include "record/record_options.h"
#include "record/stranger_filter.h"
#include "record/target.h"
#include "record/worker.h"

namespace profiler::record {

struct OpenedEvents {
  EventSet events;
  Coverage coverage = Coverage::kPerCpu;
  /// Row of the samples that are the stacks of waits, be they of the events or of the filter's;
  /// none: there are none.
  std::optional<std::uint16_t> wait_row = {};
  /// To be attached to them, and to send stacks of waits; none: not needed, or not to be had.
  std::optional<ProcessFilter> filter = {};
};

/// Opens the events, per CPU where that is permitted. `notes` gets a line for whatever had to be
/// given up. `enable_on_exec`: a child is to start them itself, if the coverage allows.
[[nodiscard]] std::expected<OpenedEvents, OpenError> open_events(const RecordOptions& options,
                                                                 std::span<const NamedEvent> named,
                                                                 const Target& target,
                                                                 std::vector<std::string>& notes);

struct SamplingResult {
  Losses losses;  ///< Only what the pipeline does not count.
  StackEnlargement stack_enlargement;
  std::uint64_t cpu_ns = 0;
  std::uint64_t late_records = 0;
};

class Sampling {
 public:
  /// Tells the pipeline about the target and starts the threads. The pipeline is the worker's until
  /// stop(). `target` and `options` outlive it.
  /// `observer`: is given its records; may be null.
  Sampling(OpenedEvents opened, const RecordOptions& options, const Target& target,
           pipeline::Pipeline& pipeline, Observer* observer);

  /// Those that an exec does not enable.
  void enable();
  void pause() { events_.disable_samples(); }
  void resume() { events_.enable_samples(); }
  SamplingResult stop();
  /// Now and then, for as long as wants_looks(): loads the in-kernel filter when it pays. Returns
  /// a line for -v when there is news of it.
  [[nodiscard]] std::optional<std::string> look();
  [[nodiscard]] bool wants_looks() const {
    return (drops_strangers_ && !filter_settled_) || repeats_left_ != 0;
  }
  /// When wake_fd() is readable: has larger stack copies made when it is time. Likewise.
  [[nodiscard]] std::optional<std::string> on_wake();

  [[nodiscard]] EventSet& events() { return events_; }
  [[nodiscard]] Coverage coverage() const { return coverage_; }
  [[nodiscard]] std::uint64_t samples() const { return worker_->samples(); }
  /// The target's, as far as can be told.
  [[nodiscard]] std::uint64_t lost() const {
    return Losses{.samples_lost = worker_->lost(),
                  .samples_dropped = reader_->dropped(),
                  .samples_lost_of_others = worker_->lost_of_others()}
        .target_samples_lost();
  }
  [[nodiscard]] std::uint64_t stranger_samples() const { return worker_->stranger_samples(); }
  [[nodiscard]] bool wants_end() const { return worker_->wants_end(); }
  /// Readable when wants_end() may have changed, and on_wake() should be called.
  [[nodiscard]] int wake_fd() const { return wake_.get(); }

 private:
  void keep_targets(ProcessFilter filter, const Target& target);
  /// Of what the filter sends.
  void open_senders(pipeline::Pipeline& pipeline, std::uint16_t wait_row, bool wakers);
  std::string enlarge_stacks();
  [[nodiscard]] std::optional<std::string> look_at_filter();

  EventSet events_;
  Coverage coverage_;
  std::uint64_t start_monotonic_ns_;
  bool enabled_by_exec_;
  FileDescriptor wake_;
  std::vector<events::EventLayout> layouts_;
  Handoff handoff_;
  // The reader is destroyed, and so stopped, before the worker: it closes the handoff.
  std::unique_ptr<Worker> worker_;
  std::unique_ptr<Reader> reader_;
  bool drops_strangers_ = false;
  bool filter_settled_ = false;
  StackEnlargement stack_enlargement_;
  int repeats_left_ = 0;  // Of EventSet::take_over().
  std::optional<ProcessFilter> early_filter_;
  AddedEvents leavers_;  // Stacks of threads that leave their CPUs.
  AddedEvents wakers_;
  std::unique_ptr<StrangerFilter> filter_;
};

}  // namespace profiler::record
