// Puts the ProcessFilter on while a recording runs: loading it takes 70 ms of CPU, which short
// recordings need not pay, and a program need not wait for.
//
//   LateFilter filter(events, worker, {.roots = {pid}});   // a thread of its own does it
//   if (auto outcome = filter.take_outcome()) log(outcome->report);
//
// The difficulty is to miss no process of the target. The worker knows them as of a moment ago;
// the kernel follows the forks of those that were added. So: add those known as of now, then ask
// again for those known as of then, until nobody is new: whoever was alive at the last but one
// time is in, and forked by somebody who was in.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "profiler/error.h"
#include "profiler/event.h"
#include "record/event_set.h"
#include "record/process_filter.h"
#include "record/worker.h"

namespace profiler::record {

struct LateFilterSettings {
  FilterExtra extra = {};
  bool everybody = false;       ///< There are no strangers.
  std::vector<Pid> roots = {};  ///< Of the target, whether it has been told of them or not.
  int wake_fd = -1;             ///< An eventfd that is written to when there is an outcome.
};

class LateFilter {
 public:
  struct Outcome {
    std::string report;               ///< A line.
    ProcessFilter* filter = nullptr;  ///< Null: there is none. As long as the LateFilter.
  };

  /// `events` and `worker` outlive it.
  LateFilter(const EventSet& events, Worker& worker, LateFilterSettings settings);
  /// Waits for the thread: for the worker to have ended, at most.
  ~LateFilter();
  LateFilter(const LateFilter&) = delete;
  LateFilter& operator=(const LateFilter&) = delete;

  /// What became of it, once.
  [[nodiscard]] std::optional<Outcome> take_outcome();
  /// Until there is an outcome.
  void wait();

 private:
  [[nodiscard]] Outcome run();
  [[nodiscard]] Result<void> leave_strangers_out(ProcessFilter& filter);
  [[nodiscard]] bool add_all_targets(ProcessFilter& filter);

  const EventSet* events_;
  Worker* worker_;
  LateFilterSettings settings_;
  std::optional<ProcessFilter> filter_;
  std::mutex mutex_;
  std::condition_variable done_;
  bool is_done_ = false;
  std::optional<Outcome> outcome_;
  std::thread thread_;
};

}  // namespace profiler::record
