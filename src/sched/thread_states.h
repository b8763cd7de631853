// Context switches to intervals: when each thread was on a CPU, and when and why it was not.
//
//   ThreadStates threads;
//   threads.begin(tid, time_ns, ThreadState::kRunnable);             // a fork record
//   Interval ran = threads.switch_out(tid, time_ns, cpu, false);     // it blocks: this is how long
//   Interval waited = threads.switch_in(tid, time_ns, cpu);          // it ran, and how it waited
//   for (const auto& [tid, interval] : threads.finish(time_ns)) …    // those still open
//
// The intervals of a thread follow each other without a gap, from its beginning to its end. None is
// negative: a time before that of the thread's last switch counts as that. Does not know what a
// thread waits for (wait_class.h), nor which threads are of interest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "profiler/event.h"

namespace profiler::sched {

enum class ThreadState : std::uint8_t {
  kUnknown,  ///< Not yet seen to switch; or records were lost.
  kOnCpu,
  kBlocked,
  kRunnable,  ///< Preempted, woken, or new, and not yet run.
};

struct Interval {
  ThreadState state = ThreadState::kUnknown;
  std::uint64_t begin_ns = 0;
  std::uint64_t end_ns = 0;
  bool migrated = false;  ///< It ended on another CPU than the one the thread had left.
  /// Records of the thread were lost: it did more than this in that time.
  bool incomplete = false;
  [[nodiscard]] std::uint64_t ns() const { return end_ns - begin_ns; }
};

class ThreadStates {
 public:
  /// The thread exists from then on. Ignored if it is known already.
  void begin(Tid tid, std::uint64_t time_ns, ThreadState state);
  [[nodiscard]] bool knows(Tid tid) const { return threads_.contains(tid); }

  [[nodiscard]] bool is_off_cpu(Tid tid) const;

  /// It leaves its CPU. Returns what it did until then: on the CPU, as a rule. A thread that nobody
  /// announced begins here; of one that was there before the recording it was on the CPU all along.
  Interval switch_out(Tid tid, std::uint64_t time_ns, std::uint32_t cpu, bool preempted);
  /// It was woken at that time, which may have come to be known later: from then on it has waited
  /// for a CPU. Returns how it waited until then; none if it was not blocked then.
  std::optional<Interval> wake(Tid tid, std::uint64_t time_ns);
  /// It comes onto a CPU. Returns how it waited. Of a thread that was there before the recording,
  /// and has not been seen since, that is kBlocked.
  Interval switch_in(Tid tid, std::uint64_t time_ns, std::uint32_t cpu);
  /// It was seen on a CPU: that is what it has done since it began, if no switch of it was seen.
  void ran(Tid tid);
  /// What the thread does, up to now; it goes on with that. Nothing if it is not known.
  Interval so_far(Tid tid, std::uint64_t time_ns);
  /// It has ended; forgotten. None if it was not known.
  std::optional<Interval> end(Tid tid, std::uint64_t time_ns);
  /// Switches of whomever were lost: the intervals that are open are incomplete.
  void lose();

  /// The intervals that are open at the end of the recording; all are forgotten. A thread that was
  /// there before, and was never seen, was blocked.
  [[nodiscard]] std::vector<std::pair<Tid, Interval>> finish(std::uint64_t time_ns);

  /// Intervals returned as incomplete.
  [[nodiscard]] std::uint64_t incomplete() const { return incomplete_; }
  [[nodiscard]] std::size_t size() const { return threads_.size(); }

 private:
  static constexpr std::uint32_t kNoCpu = ~std::uint32_t{0};
  struct Thread {
    ThreadState state = ThreadState::kUnknown;
    std::uint64_t since_ns = 0;
    std::uint32_t cpu = kNoCpu;  // Where it runs or ran last.
    bool lost = false;           // Since then.
  };
  Interval close(Thread& thread, std::uint64_t time_ns, ThreadState next);

  std::unordered_map<Tid, Thread> threads_;
  std::uint64_t incomplete_ = 0;
};

}  // namespace profiler::sched
