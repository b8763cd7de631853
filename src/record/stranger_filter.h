// Puts the ProcessFilter on while a recording runs, once strangers have shown that it pays: on a
// quiet machine loading it would cost more than it saves.
//
//   StrangerFilter filter(events, worker);      // a thread of its own does it
//   if (auto line = filter.take_report()) log(*line);
//
// The difficulty is to miss no process of the target. The worker knows them as of a moment ago;
// the kernel follows the forks of those that were added. So: add those known as of now, then ask
// again for those known as of then, until nobody is new: whoever was alive at the last but one
// time is in, and forked by somebody who was in.
#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "record/event_set.h"
#include "record/process_filter.h"
#include "record/worker.h"

namespace profiler::record {

class StrangerFilter {
 public:
  /// Both outlive it.
  StrangerFilter(const EventSet& events, Worker& worker);
  /// Waits for the thread: for the worker to have ended, at most.
  ~StrangerFilter();
  StrangerFilter(const StrangerFilter&) = delete;
  StrangerFilter& operator=(const StrangerFilter&) = delete;

  /// What became of it, once.
  [[nodiscard]] std::optional<std::string> take_report();

 private:
  void run();
  [[nodiscard]] bool add_all_targets(ProcessFilter& filter);
  void report(std::string line);

  const EventSet* events_;
  Worker* worker_;
  std::optional<ProcessFilter> filter_;
  std::mutex mutex_;
  std::optional<std::string> report_;
  std::thread thread_;
};

}  // namespace profiler::record
