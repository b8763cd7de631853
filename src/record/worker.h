// The worker thread: puts records in order, decodes them and feeds the pipeline. While it runs the
// pipeline is its own.
//
//   Worker worker(layouts, handoff, pipeline, settings);   // runs
//   …
//   reader.stop();
//   WorkerResult result = worker.join();                    // everything has been handled
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <future>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <unordered_set>
#include <vector>

#include "events/decoder.h"
#include "events/record_queue.h"
#include "pipeline/pipeline.h"
#include "profiler/event.h"
#include "record/duplicate_guard.h"
#include "record/event_ring.h"
#include "record/handoff.h"
#include "record/loss_share.h"
#include "record/observer.h"
#include "record/switch_handover.h"
#include "record/truncation_watch.h"

namespace profiler::record {

struct WorkerSettings {
  /// Samples of processes that are no target are counted and left out here.
  bool drop_strangers = false;
  /// Event ids and the threads they were opened on, where a thread could be sampled twice.
  DuplicateGuard::Roots sample_roots = {};
  /// Called on the worker's thread when mmap, comm or fork records were lost: what is there now is
  /// told to the pipeline again.
  std::function<void(pipeline::Pipeline&)> read_maps_again;
  /// Size of the stack copies that larger ones could replace; 0: none could. When too many are too
  /// short, `wake_fd` is written to and wants_larger_stacks() says so.
  std::uint64_t watched_stack_bytes = 0;
  /// Events whose samples are kept whoever they are of.
  std::unordered_set<std::uint64_t> kept_ids = {};
  /// Is given its own samples instead of the pipeline; or null.
  Observer* observer = nullptr;
  /// Called on the worker's thread after a round: true asks for the end of the recording.
  std::function<bool()> limit_reached;
};

struct WorkerResult {
  std::uint64_t samples_lost = 0;       ///< As LOST records tell.
  std::uint64_t side_records_lost = 0;  ///< Likewise.
  LossShare loss_share;                 ///< With drop_strangers: of losses and drops.
  std::uint64_t malformed = 0;
  std::uint64_t late = 0;
  std::uint64_t cpu_ns = 0;
};

class Worker {
 public:
  /// All arguments outlive the worker. `wake_fd`: an eventfd that is written to when the caller
  /// should look at wants_end() and wants_larger_stacks().
  Worker(std::span<const events::EventLayout> layouts, Handoff& handoff,
         pipeline::Pipeline& pipeline, WorkerSettings settings, int wake_fd);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// Waits until the handoff is closed and empty. Once.
  WorkerResult join();

  // From any thread:
  [[nodiscard]] std::uint64_t samples() const { return samples_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t lost() const { return lost_.load(std::memory_order_relaxed); }
  /// Of lost() and of what the reader dropped: an estimate.
  [[nodiscard]] std::uint64_t lost_of_others() const {
    return lost_of_others_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t stranger_samples() const {
    return strangers_.load(std::memory_order_relaxed);
  }
  /// The limit was reached, or the profile can no longer be written.
  [[nodiscard]] bool wants_end() const { return wants_end_.load(std::memory_order_relaxed); }
  /// Once: what TruncationWatch has decided.
  [[nodiscard]] bool wants_larger_stacks() {
    return wants_larger_stacks_.exchange(false, std::memory_order_acquire);
  }
  /// After that.
  [[nodiscard]] const TruncationWatch& truncation() const { return truncation_; }
  /// From whom context switches are taken.
  [[nodiscard]] SwitchHandover& handover() { return handover_; }
  /// The target's living processes, once every record up to that time has been handled; none if
  /// the recording ends before.
  [[nodiscard]] std::future<std::optional<std::vector<Pid>>> targets_as_of(std::uint64_t time_ns);

 private:
  void run();
  void handle(const events::QueuedRecord& record);
  /// Of a context switch, or the loss of some, that the other kind of ring tells of.
  [[nodiscard]] bool is_told_twice(const events::QueuedRecord& record, const Event& event);
  /// Of a process or by an event that is not to be counted.
  [[nodiscard]] bool is_left_out(const events::QueuedRecord& record, const Event& event);
  void watch_truncation(const SampleEvent& sample);
  void wake_caller() const;
  void count_lost(const events::QueuedRecord& record, std::uint64_t lost);
  void count_dropped(const DrainRound& round);
  void after_round(std::uint64_t handled_until_ns);
  void answer_questions(std::uint64_t handled_until_ns);

  struct Question {
    std::uint64_t time_ns = 0;
    std::promise<std::optional<std::vector<Pid>>> answer;
  };

  Handoff* handoff_;
  pipeline::Pipeline* pipeline_;
  WorkerSettings settings_;
  int wake_fd_;
  events::RecordQueue queue_;
  WorkerResult result_;
  DuplicateGuard duplicates_;
  bool maps_are_stale_ = false;
  TruncationWatch truncation_;  // Left alone once it has decided.
  std::atomic<bool> wants_larger_stacks_ = false;
  std::atomic<std::uint64_t> samples_ = 0;
  std::atomic<std::uint64_t> lost_ = 0;
  std::atomic<std::uint64_t> lost_of_others_ = 0;
  std::atomic<std::uint64_t> strangers_ = 0;
  std::atomic<bool> wants_end_ = false;
  SwitchHandover handover_;
  std::mutex questions_mutex_;
  std::vector<Question> questions_;
  bool ended_ = false;  // Likewise guarded.
  std::thread thread_;
};

}  // namespace profiler::record
