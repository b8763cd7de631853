#include "pipeline/wait_log.h"

#include <algorithm>
#include <bit>
#include <map>
#include <tuple>
#include <utility>

namespace profiler::pipeline {
namespace {

using sched::Interval;
using sched::ThreadState;

/// Waits that are shorter, and of which there is no stack, are kept together …
constexpr std::uint64_t kShortNs = 1'000'000;
/// … if they began within so long of each other.
constexpr std::uint64_t kTogetherNs = 10'000'000;

std::uint8_t log2_of(std::uint64_t ns) { return static_cast<std::uint8_t>(std::bit_width(ns)); }

}  // namespace

std::uint64_t WaitLog::since_start(std::uint64_t time_ns) const {
  const std::uint64_t start = profile_.run.start_monotonic_ns;
  return std::max(time_ns, start) - start;
}

WaitLog::Thread& WaitLog::thread(Tid tid, ThreadIndex row, std::uint64_t time_ns) {
  const auto [found, is_new] = threads_.try_emplace(tid);
  Thread& known = found->second;
  if (!is_new && known.row == row) return known;
  const bool renamed =
      !is_new && profile_.threads[known.row].process == profile_.threads[row].process;
  known.row = row;
  if (renamed) {
    profile_.schedules[known.schedule].thread = row;
    return known;
  }
  known.schedule = profile_.schedules.size();
  profile_.schedules.push_back(
      {.thread = row, .first_ns = time_ns, .last_ns = time_ns, .delays = {}});
  return known;
}

void WaitLog::begin(Tid tid, ThreadIndex row, std::uint64_t time_ns, ThreadState state) {
  if (const auto found = threads_.find(tid); found != threads_.end()) {
    if (!found->second.exiting) return;
    end(tid, time_ns);  // Another thread has got its number.
  }
  time_ns = std::max(time_ns, profile_.run.start_monotonic_ns);
  thread(tid, row, time_ns);
  states_.begin(tid, time_ns, state);
}

void WaitLog::sampled_at(Tid tid, StackIndex stack) {
  const auto found = threads_.find(tid);
  if (found == threads_.end()) return;
  (states_.is_off_cpu(tid) ? found->second.stack : found->second.next_stack) = stack;
}

void WaitLog::woken_by(Tid tid, StackIndex waker) {
  const auto found = threads_.find(tid);
  if (found != threads_.end() && states_.is_off_cpu(tid)) found->second.waker = waker;
}

void WaitLog::on_switch(Tid tid, ThreadIndex row, const SwitchEvent& event) {
  const std::uint64_t time_ns = std::max(event.context.time_ns, profile_.run.start_monotonic_ns);
  any_switch_ = true;
  Thread& known = thread(tid, row, time_ns);
  ThreadSchedule& schedule = profile_.schedules[known.schedule];
  if (event.out) {
    charge(known, states_.switch_out(tid, time_ns, event.context.cpu, event.preempted));
    ++(event.preempted ? schedule.preempted : schedule.voluntary);
    known.stack = std::exchange(known.next_stack, {});
    known.waker = {};
    return;
  }
  if (event.woken_ns != 0) {
    const auto until_woken = states_.wake(tid, std::min(event.woken_ns, time_ns));
    if (until_woken) charge(known, *until_woken);
  }
  const Interval waited = states_.switch_in(tid, time_ns, event.context.cpu);
  if (waited.migrated) ++schedule.migrations;
  charge(known, waited);
  known.stack = {};
}

void WaitLog::charge(Thread& known, const Interval& interval) {
  ThreadSchedule& schedule = profile_.schedules[known.schedule];
  schedule.last_ns = interval.end_ns;
  switch (interval.state) {
    case ThreadState::kOnCpu:
      schedule.on_cpu_ns += interval.ns();
      return;
    case ThreadState::kUnknown:
      schedule.unknown_ns += interval.ns();
      return;
    case ThreadState::kRunnable:
      schedule.runnable_ns += interval.ns();
      schedule.delays.add(interval.ns());
      schedule.longest_delay_ns = std::max(schedule.longest_delay_ns, interval.ns());
      break;
    case ThreadState::kBlocked:
      schedule.blocked_ns += interval.ns();
      break;
  }
  add_wait(known, interval);
}

void WaitLog::add_wait(Thread& known, const Interval& interval) {
  const Wait wait{.time_ns = since_start(interval.begin_ns),
                  .ns = interval.ns(),
                  .count = 1,
                  .thread = known.row,
                  .stack = known.stack,
                  .waker = std::exchange(known.waker, {}),
                  .runnable = interval.state == ThreadState::kRunnable};
  if (wait.stack || wait.waker || wait.ns >= kShortNs) {
    profile_.waits.push_back(wait);
    return;
  }
  const std::uint8_t log2 = log2_of(wait.ns);
  const auto alike = std::ranges::find_if(known.short_waits, [&](const Merged& merged) {
    return merged.log2 == log2 && merged.wait.runnable == wait.runnable;
  });
  if (alike == known.short_waits.end()) {
    known.short_waits.push_back({.log2 = log2, .wait = wait});
  } else if (alike->wait.thread != wait.thread ||
             wait.time_ns - alike->wait.time_ns >= kTogetherNs) {
    profile_.waits.push_back(std::exchange(alike->wait, wait));
  } else {
    alike->wait.ns += wait.ns;
    ++alike->wait.count;
  }
}

void WaitLog::close(Thread& known, const Interval& last) {
  // Of one that has exited that is what came after its end.
  if (!known.exiting) charge(known, last);
  for (const Merged& merged : known.short_waits) profile_.waits.push_back(merged.wait);
  known.short_waits.clear();
}

void WaitLog::on_exit(Tid tid, std::uint64_t time_ns) {
  const auto found = threads_.find(tid);
  if (found == threads_.end()) return;
  charge(found->second, states_.so_far(tid, time_ns));
  found->second.exiting = true;
}

void WaitLog::lose() {
  forget_exited();
  states_.lose();
}

void WaitLog::forget_exited() {
  std::vector<Tid> exited;
  for (const auto& [tid, thread] : threads_)
    if (thread.exiting) exited.push_back(tid);
  for (const Tid tid : exited) end(tid, 0);
}

void WaitLog::end(Tid tid, std::uint64_t time_ns) {
  const auto found = threads_.find(tid);
  if (found == threads_.end()) return;
  if (const auto last = states_.end(tid, time_ns)) close(found->second, *last);
  threads_.erase(found);
}

void WaitLog::finish(std::uint64_t time_ns) {
  forget_exited();
  for (const auto& [tid, last] : states_.finish(time_ns)) close(threads_.at(tid), last);
  threads_.clear();
  profile_.run.losses.intervals_unknown = states_.incomplete();
  if (!any_switch_ && profile_.run.wait_coverage == WaitCoverage::kNone) {
    profile_.schedules.clear();
    profile_.waits.clear();
  }
  // Only now: the recording's start may not have been known before.
  for (ThreadSchedule& schedule : profile_.schedules) {
    schedule.first_ns = since_start(schedule.first_ns);
    schedule.last_ns = since_start(schedule.last_ns);
  }
}

void WaitLog::condense() {
  using Key = std::tuple<ThreadIndex, StackIndex, StackIndex, bool, std::uint8_t>;
  std::map<Key, std::size_t> rows;
  std::vector<Wait> kept;
  for (const Wait& wait : profile_.waits) {
    const Key key{wait.thread, wait.stack, wait.waker, wait.runnable,
                  log2_of(wait.ns / std::max(wait.count, std::uint32_t{1}))};
    const auto [row, is_new] = rows.try_emplace(key, kept.size());
    if (is_new) {
      kept.push_back(wait);
    } else {
      kept[row->second].ns += wait.ns;
      kept[row->second].count += wait.count;
    }
  }
  profile_.waits = std::move(kept);
}

}  // namespace profiler::pipeline
