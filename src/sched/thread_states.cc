#include "sched/thread_states.h"

#include <algorithm>

namespace profiler::sched {

void ThreadStates::begin(Tid tid, std::uint64_t time_ns, ThreadState state) {
  threads_.try_emplace(tid, Thread{.state = state, .since_ns = time_ns});
}

bool ThreadStates::is_off_cpu(Tid tid) const {
  const auto found = threads_.find(tid);
  return found != threads_.end() && (found->second.state == ThreadState::kBlocked ||
                                     found->second.state == ThreadState::kRunnable);
}

Interval ThreadStates::close(Thread& thread, std::uint64_t time_ns, ThreadState next) {
  Interval interval{.state = thread.state,
                    .begin_ns = thread.since_ns,
                    .end_ns = std::max(time_ns, thread.since_ns),
                    .incomplete = thread.lost};
  if (interval.incomplete) {
    interval.state = ThreadState::kUnknown;
    ++incomplete_;
  }
  thread.state = next;
  thread.since_ns = interval.end_ns;
  thread.lost = false;
  return interval;
}

Interval ThreadStates::switch_out(Tid tid, std::uint64_t time_ns, std::uint32_t cpu,
                                  bool preempted) {
  Thread& thread = threads_.try_emplace(tid, Thread{.since_ns = time_ns}).first->second;
  if (thread.state == ThreadState::kUnknown) thread.state = ThreadState::kOnCpu;
  // That it came onto a CPU was not told.
  if (thread.state != ThreadState::kOnCpu) thread.lost = true;
  thread.cpu = cpu;
  return close(thread, time_ns, preempted ? ThreadState::kRunnable : ThreadState::kBlocked);
}

std::optional<Interval> ThreadStates::wake(Tid tid, std::uint64_t time_ns) {
  const auto found = threads_.find(tid);
  if (found == threads_.end()) return std::nullopt;
  Thread& thread = found->second;
  if (thread.state == ThreadState::kUnknown) thread.state = ThreadState::kBlocked;
  if (thread.state != ThreadState::kBlocked || time_ns < thread.since_ns || thread.lost)
    return std::nullopt;
  return close(thread, time_ns, ThreadState::kRunnable);
}

Interval ThreadStates::switch_in(Tid tid, std::uint64_t time_ns, std::uint32_t cpu) {
  Thread& thread = threads_.try_emplace(tid, Thread{.since_ns = time_ns}).first->second;
  if (thread.state == ThreadState::kUnknown) thread.state = ThreadState::kBlocked;
  // That it left its CPU was not told.
  if (thread.state == ThreadState::kOnCpu) thread.lost = true;
  Interval interval = close(thread, time_ns, ThreadState::kOnCpu);
  interval.migrated = thread.cpu != kNoCpu && thread.cpu != cpu;
  thread.cpu = cpu;
  return interval;
}

void ThreadStates::ran(Tid tid) {
  const auto found = threads_.find(tid);
  if (found != threads_.end() && found->second.state == ThreadState::kUnknown)
    found->second.state = ThreadState::kOnCpu;
}

Interval ThreadStates::so_far(Tid tid, std::uint64_t time_ns) {
  const auto found = threads_.find(tid);
  if (found == threads_.end()) return {};
  return close(found->second, time_ns, found->second.state);
}

std::optional<Interval> ThreadStates::end(Tid tid, std::uint64_t time_ns) {
  const auto found = threads_.find(tid);
  if (found == threads_.end()) return std::nullopt;
  const Interval last = close(found->second, time_ns, ThreadState::kUnknown);
  threads_.erase(found);
  return last;
}

void ThreadStates::lose() {
  for (auto& [tid, thread] : threads_) thread.lost = true;
}

std::vector<std::pair<Tid, Interval>> ThreadStates::finish(std::uint64_t time_ns) {
  std::vector<std::pair<Tid, Interval>> open;
  open.reserve(threads_.size());
  for (auto& [tid, thread] : threads_) {
    if (thread.state == ThreadState::kUnknown) thread.state = ThreadState::kBlocked;
    open.emplace_back(tid, close(thread, time_ns, ThreadState::kUnknown));
  }
  threads_.clear();
  return open;
}

}  // namespace profiler::sched
