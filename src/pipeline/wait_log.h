// Waits and schedules of a recording, made of its context switches and of the stacks that were
// sampled as threads left their CPUs.
//
//   WaitLog log(profile);
//   log.begin(tid, thread, time_ns, sched::ThreadState::kRunnable);   // a fork
//   log.sampled_at(tid, stack);                                       // it is about to leave
//   log.on_switch(tid, thread, switch_event);                         // … and has left
//   log.finish(end_ns);
//
// Fills in Profile::waits and Profile::schedules. Which threads are of the target is the caller's
// to know: of others it should not be told.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "profiler/event.h"
#include "profiler/profile.h"
#include "sched/thread_states.h"

namespace profiler::pipeline {

class WaitLog {
 public:
  explicit WaitLog(Profile& profile) : profile_(profile) {}

  /// The thread exists from then on. Ignored if it is known already.
  void begin(Tid tid, ThreadIndex thread, std::uint64_t time_ns, sched::ThreadState state);
  [[nodiscard]] bool knows(Tid tid) const { return threads_.contains(tid); }
  /// It was sampled on a CPU.
  void ran(Tid tid) { states_.ran(tid); }
  /// The stack of the switch that comes next, or that has just come: their records may have the
  /// same time.
  void sampled_at(Tid tid, StackIndex stack);
  /// Who wakes it.
  void woken_by(Tid tid, StackIndex waker);
  /// `thread`: its row now. A row of the same process is the same thread under a new name.
  void on_switch(Tid tid, ThreadIndex thread, const SwitchEvent& event);
  /// It has begun to end. It gives back what it has, and may wait for that, until it leaves its CPU
  /// for the last time.
  void on_exit(Tid tid, std::uint64_t time_ns);
  /// It is no more.
  void end(Tid tid, std::uint64_t time_ns);
  /// Records of switches were lost.
  void lose();
  /// Ends all threads. Without a switch having been seen nothing is known, unless it is known that
  /// switches were recorded (Run::wait_coverage): then all of them slept, or ran all the time.
  void finish(std::uint64_t time_ns);

  /// Brings Profile::waits down to a row for each thread, stack and length, where they are not
  /// written and would grow without bound.
  void condense();

 private:
  struct Merged {
    std::uint8_t log2 = 0;  // Of each one's length.
    Wait wait;
  };
  struct Thread {
    ThreadIndex row;
    std::size_t schedule = 0;  // Row of Profile::schedules.
    StackIndex next_stack;     // Of the wait to come.
    StackIndex stack;          // Of the wait that it is in.
    StackIndex waker;          // Likewise.
    bool exiting = false;
    std::vector<Merged> short_waits;  // Not yet in Profile::waits.
  };

  Thread& thread(Tid tid, ThreadIndex row, std::uint64_t time_ns);
  void charge(Thread& thread, const sched::Interval& interval);
  void add_wait(Thread& thread, const sched::Interval& interval);
  void close(Thread& thread, const sched::Interval& last);
  void forget_exited();
  [[nodiscard]] std::uint64_t since_start(std::uint64_t time_ns) const;

  Profile& profile_;
  sched::ThreadStates states_;
  std::unordered_map<Tid, Thread> threads_;
  bool any_switch_ = false;
};

}  // namespace profiler::pipeline
