#include "process/process_table.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace profiler::process {
namespace {

void rename(ThreadState& thread, std::string_view name) {
  if (thread.name == name) return;
  thread.name = name;
  thread.row = {};
  thread.sampled = false;
}

}  // namespace

std::size_t ProcessState::live_threads() const {
  return static_cast<std::size_t>(std::count_if(
      threads.begin(), threads.end(), [](const auto& entry) { return !entry.second.exited; }));
}

ProcessState& ProcessTable::process(Pid pid) {
  const auto [entry, created] = processes_.try_emplace(pid);
  ProcessState& process = entry->second;
  if (created) {
    process.pid = pid;
    process.incarnation = ++last_incarnation_;
  }
  return process;
}

ProcessState* ProcessTable::find(Pid pid) {
  const auto entry = processes_.find(pid);
  return entry == processes_.end() ? nullptr : &entry->second;
}

const ProcessState* ProcessTable::find(Pid pid) const {
  const auto entry = processes_.find(pid);
  return entry == processes_.end() ? nullptr : &entry->second;
}

ThreadState& ProcessTable::thread_of(ProcessState& process, Tid tid) {
  const auto [entry, created] = process.threads.try_emplace(tid);
  ThreadState& thread = entry->second;
  if (created) {
    thread.tid = tid;
    thread.name = process.name;
  }
  return thread;
}

ThreadState& ProcessTable::thread(Pid pid, Tid tid) { return thread_of(process(pid), tid); }

ProcessState& ProcessTable::apply(const ForkEvent& event) {
  if (event.pid != event.parent_pid) return new_process(event);
  ProcessState& same = process(event.pid);
  new_thread(same, event);
  return same;
}

ProcessState& ProcessTable::new_process(const ForkEvent& event) {
  ProcessState child{.pid = event.pid,
                     .parent_pid = event.parent_pid,
                     .name = {},
                     .space = {},
                     .threads = {},
                     .incarnation = ++last_incarnation_,
                     .execs = 0,
                     .forked_from = {},
                     .announced = true};
  if (const ProcessState* parent = find(event.parent_pid)) {
    const auto creator = parent->threads.find(event.parent_tid);
    child.name = creator != parent->threads.end() ? creator->second.name : parent->name;
    child.target = parent->target;
    child.forked_from = {.incarnation = parent->incarnation, .execs = parent->execs};
    if (!event.exec) child.space = parent->space;
  }

  if (const ProcessState* seen = find(event.pid);
      seen != nullptr && !seen->announced && seen->live_threads() == seen->threads.size()) {
    // It ran before we heard of its birth. What it has mapped since lies over what it inherited.
    for (const Mapping& mapping : seen->space.mappings()) child.space.map(mapping);
    child.target = child.target || seen->target;
    if (seen->name == child.name) {
      child.row = seen->row;
      child.threads = seen->threads;
    }
  }
  thread_of(child, event.tid);
  ProcessState& place = processes_[event.pid];
  place = std::move(child);
  return place;
}

void ProcessTable::new_thread(ProcessState& process, const ForkEvent& event) {
  const auto creator = process.threads.find(event.parent_tid);
  const std::string name = creator != process.threads.end() ? creator->second.name : process.name;
  const auto [entry, created] = process.threads.try_emplace(event.tid);
  ThreadState& thread = entry->second;
  if (created || thread.exited) {
    thread = ThreadState{.tid = event.tid, .name = name};
  } else if (thread.name.empty()) {  // It ran before we heard of its birth.
    rename(thread, name);
  }
}

ProcessState& ProcessTable::apply(const CommEvent& event) {
  ProcessState& process = this->process(event.pid);
  process.announced = true;
  if (event.exec) {
    process.space.clear();
    process.threads.clear();
    process.row = {};
    ++process.execs;
  }
  if (event.exec || event.tid == event.pid) process.name = event.name;
  rename(thread_of(process, event.tid), event.name);
  return process;
}

ProcessState& ProcessTable::apply(const ExitEvent& event) {
  ProcessState& process = this->process(event.pid);
  ThreadState& thread = thread_of(process, event.tid);
  if (!thread.exited) {
    thread.exited = true;
    exited_.push_back({.pid = event.pid, .tid = event.tid, .incarnation = process.incarnation});
    if (exited_.size() > kMaxExited) forget_oldest_exited();
  }
  return process;
}

void ProcessTable::forget_oldest_exited() {
  const Exited oldest = exited_.front();
  exited_.pop_front();
  ProcessState* process = find(oldest.pid);
  if (process == nullptr || process->incarnation != oldest.incarnation) return;
  const auto thread = process->threads.find(oldest.tid);
  if (thread == process->threads.end() || !thread->second.exited) return;
  process->threads.erase(thread);
  if (process->threads.empty()) processes_.erase(oldest.pid);
}

}  // namespace profiler::process
