#include "pipeline/thread_rows.h"

namespace profiler::pipeline {

ThreadIndex ThreadRows::of(process::ProcessState& process, process::ThreadState& thread) {
  if (!process.row) {
    process.row = profile_.processes.push_back({.pid = process.pid,
                                                .parent_pid = process.parent_pid,
                                                .name = interner_.string(process.name)});
  }
  if (!thread.row) {
    thread.row = profile_.threads.push_back(
        {.process = process.row, .tid = thread.tid, .name = interner_.string(thread.name)});
  }
  return thread.row;
}

process::ProcessState& ThreadRows::apply(const CommEvent& event, process::ProcessTable& processes) {
  const process::ThreadState& before = processes.thread(event.pid, event.tid);
  const bool keeps_row =
      !event.exec && before.row && !before.sampled && before.row.row() >= written_;
  const ThreadIndex row = keeps_row ? before.row : ThreadIndex();
  process::ProcessState& process = processes.apply(event);
  if (row) {
    profile_.threads[row].name = interner_.string(event.name);
    processes.thread(event.pid, event.tid).row = row;
  }
  return process;
}

}  // namespace profiler::pipeline
