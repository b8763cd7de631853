// Everything that runs while samples are taken: events, rings, reader and worker, started and
// stopped together.
//
//   auto opened = open_events(options, named, target, notes);
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
#include "record/bpf_waits.h"
#include "record/event_set.h"
#include "record/handoff.h"
#include "record/late_filter.h"
#include "record/observer.h"
#include "record/open_events.h"
#include "record/reader.h"
#include "record/record_options.h"
#include "record/target.h"
#include "record/worker.h"

namespace profiler::record {

struct SamplingResult {
  Losses losses;  ///< Only what the pipeline does not count.
  StackEnlargement stack_enlargement;
  std::uint64_t cpu_ns = 0;
  std::uint64_t late_records = 0;
  std::vector<std::string> notes;  ///< Of what could not be recorded.
};

class Sampling {
 public:
  /// Tells the pipeline about the target and starts the threads. The pipeline is the worker's until
  /// stop(). `target` and `options` outlive it.
  /// `observer`: is given its records; may be null.
  Sampling(OpenedEvents opened, const RecordOptions& options, const Target& target,
           pipeline::Pipeline& pipeline, Observer* observer);
  ~Sampling();
  Sampling(const Sampling&) = delete;
  Sampling& operator=(const Sampling&) = delete;

  /// Those that an exec does not enable.
  void enable();
  void pause() { events_.disable_samples(); }
  void resume() { events_.enable_samples(); }
  SamplingResult stop();
  /// Now and then, for as long as wants_looks(): loads BPF when it pays. Returns a line for -v when
  /// there is news of it.
  [[nodiscard]] std::optional<std::string> look();
  [[nodiscard]] bool wants_looks() const {
    return filter_state_ != FilterState::kSettled || repeats_left_ != 0 ||
           events_.awaits_allowance();
  }
  /// When wake_fd() is readable: has larger stack copies made when it is time, and uses BPF when it
  /// is there. Likewise.
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
  /// The recording's time counts from here on: what came before, this process did.
  void begin(pipeline::Pipeline& pipeline);
  std::string enlarge_stacks();
  [[nodiscard]] std::optional<std::string> look_at_filter();
  void prepare_waits(pipeline::Pipeline& pipeline, const RecordOptions& options, bool has_stacks);
  void load_filter();
  void load_filter_at_once(pipeline::Pipeline& pipeline, const RecordOptions& options);
  /// What it can do from now on.
  std::string use_filter(ProcessFilter& filter);

  EventSet events_;
  Coverage coverage_;
  std::uint64_t start_monotonic_ns_ = 0;
  bool enabled_by_exec_;
  FileDescriptor wake_;
  std::vector<events::EventLayout> layouts_;
  Handoff handoff_;
  // The reader is destroyed, and so stopped, before the worker: it closes the handoff.
  std::unique_ptr<Worker> worker_;
  std::unique_ptr<Reader> reader_;
  bool drops_strangers_ = false;
  StackEnlargement stack_enlargement_;
  int repeats_left_ = 0;  // Of EventSet::take_over().
  /// Where no BPF can help it is settled from the beginning.
  enum class FilterState : std::uint8_t { kWanted, kLoading, kOverlapping, kSettled };
  FilterState filter_state_ = FilterState::kSettled;
  std::uint64_t overlaps_until_ns_ = 0;
  LateFilterSettings filter_settings_;
  BpfWaits bpf_waits_;
  std::unique_ptr<LateFilter> filter_;
  std::vector<std::string> notes_;
};

}  // namespace profiler::record
