// From records of the kernel to finished calls: what each thread is in, since when, and how long of
// it it was off the CPU.
//
//   CallTracker tracker({.all = true, .start_ns = now}, totals);
//   CallTracker::Thread* thread = tracker.thread(pid, tid);
//   tracker.entered(*thread, t0, 0, SyscallAbi::kNative);
//   tracker.switched_out(*thread, t1);
//   tracker.switched_in(*thread, t2);
//   tracker.returned(*thread, t3, 0, 512);            // totals: wall t3-t0, CPU less t2-t1
//   tracker.finish(t4);
//
// Records of one thread come in order of time; threads among each other as long as a thread's fork
// comes before what it does, and nothing of a new thread before the end of an older one with the
// same number. No system calls are made here. Used from one thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "profiler/event.h"
#include "profiler/syscall_account.h"
#include "syscalls/call_totals.h"

namespace profiler::syscalls {

struct TrackerOptions {
  /// Every thread belongs to the target; else those of add_process() and add_thread().
  bool all = false;
  /// When counting began, for calls that were under way by then.
  std::uint64_t start_ns = 0;
  /// A thread's switch away from its CPU is still told after its end, until the last one. (Linux
  /// tells of the end before it frees the memory, since 6.16.)
  bool switches_after_end = false;
  /// SyscallRow::group_id of a thread that is new here, of one that has made its process another
  /// program, and of one whose parent is not known; none: all are of group 0.
  std::function<std::int64_t(Pid, Tid)> group_of = {};
  /// The parent of a process, asked for where its fork may be among records that were lost.
  std::function<std::optional<Pid>(Pid)> parent_of = {};
  /// Told of calls that returned and took at least as long as that.
  std::uint64_t long_ns = std::numeric_limits<std::uint64_t>::max();
  std::function<void(Tid, const CallKey&, std::uint64_t end_ns, const FinishedCall&)> on_long_call =
      {};
};

class CallTracker {
 public:
  class Thread;

  /// `totals` outlives the tracker.
  CallTracker(TrackerOptions options, CallTotals& totals);

  /// The process and, from now on, its children, belong to the target.
  void add_process(Pid pid) { targets_[pid] = Membership::kMember; }
  /// They will from the next exec on: a child of ours that has yet to become the program. Its exec
  /// is counted.
  void add_process_at_exec(Pid pid) { targets_[pid] = Membership::kAtExec; }
  /// Only this thread does.
  void add_thread(Tid tid) { target_threads_.insert(tid); }

  /// Made when first asked for. Stays where it is until it ends, or another of that number begins.
  Thread* thread(Pid pid, Tid tid);
  /// Null if it has never been asked for. For a thread that has left its CPU: it may have ended.
  Thread* known_thread(Pid pid, Tid tid);
  /// That which has ended but is not buried; null if there is none.
  Thread* ended_thread(Tid tid);

  void entered(Thread& thread, std::uint64_t time_ns, std::int32_t number, SyscallAbi abi);
  void returned(Thread& thread, std::uint64_t time_ns, std::int32_t number, std::int64_t result);
  void switched_out(Thread& thread, std::uint64_t time_ns);
  void switched_in(Thread& thread, std::uint64_t time_ns);
  /// A signal is about to be handled, or to end it.
  void signalled(Thread& thread, std::uint64_t time_ns);
  void forked(Pid pid, Tid tid, Pid parent_pid, std::uint64_t time_ns);
  /// The thread makes no more calls. A `Thread&` of it is good no longer.
  void ended(Tid tid, std::uint64_t time_ns);
  /// It is some time later: threads that ended a while before have been switched away for good.
  void bury(std::uint64_t time_ns);
  /// So many records are missing somewhere before those that come now. What threads were in is
  /// not known any more.
  void lost(std::uint64_t records);

  /// Adds what is under way to `totals`, as if counting ended now.
  void add_unfinished(std::uint64_t time_ns, CallTotals& totals) const;
  /// Counting has ended: what is under way is unfinished.
  void finish(std::uint64_t time_ns);

  /// Records that are in no row: those missing, and those that make no sense without them.
  [[nodiscard]] std::uint64_t lost_records() const { return lost_; }
  /// SyscallAccount::killed_cpu_ns.
  [[nodiscard]] std::uint64_t killed_cpu_ns() const { return killed_cpu_ns_; }
  [[nodiscard]] std::size_t threads() const { return threads_.size(); }

 private:
  enum class Membership : std::uint8_t { kStranger, kAtExec, kMember };

  Membership membership_of(Pid pid, Tid tid);
  Membership inherited_membership(Pid pid) const;
  [[nodiscard]] std::int64_t group_of(Pid pid, Tid tid) const {
    return options_.group_of ? options_.group_of(pid, tid) : 0;
  }
  void forget_after_loss(Thread& thread);
  void close_at_end(Thread& thread);
  bool gives_way_to_exec(const Thread& thread) const;
  bool take_exec_of_another(Thread& leader);
  void close(Thread& thread, std::uint64_t time_ns, CallEnd end, std::int64_t result);
  /// What ends now, `end` and `result` aside.
  static FinishedCall measured(const Thread& thread, std::uint64_t time_ns);

  TrackerOptions options_;
  CallTotals* totals_;
  std::unordered_map<Tid, Thread> threads_;
  std::unordered_map<Pid, Membership> targets_;
  std::unordered_set<Tid> target_threads_;
  std::vector<Tid> dying_;  // Ended, but not buried.
  std::vector<Tid> execs_;  // Threads in an exec that are not the first of their process.
  std::uint32_t losses_ = 0;
  std::uint64_t lost_ = 0;
  std::uint64_t killed_cpu_ns_ = 0;
};

class CallTracker::Thread {
 public:
  /// Its records mean nothing to the tracker and need not be told, but for its children.
  [[nodiscard]] bool is_stranger() const { return membership_ == Membership::kStranger; }
  [[nodiscard]] Pid pid() const { return pid_; }
  [[nodiscard]] Tid tid() const { return tid_; }

 private:
  friend class CallTracker;
  enum class State : std::uint8_t {
    kUnknown,    ///< Nothing is known; since_ns_ is when counting began.
    kAfterLoss,  ///< Nothing is known any more.
    kNew,        ///< Has made no call since it was forked.
    kOutside,    ///< In no call.
    kInCall,     ///< Since since_ns_.
    kSignalled   ///< In no call, and at since_ns_ a signal came, which may have ended it.
  };

  /// Off the CPU since since_ns_, when now is `time_ns`.
  [[nodiscard]] std::uint64_t off_until(std::uint64_t time_ns) const;
  void begin(State state, std::uint64_t time_ns);
  void end_of_absence(std::uint64_t time_ns);

  std::uint64_t since_ns_ = 0;
  std::uint64_t off_ns_ = 0;     // Since then.
  std::uint64_t out_ns_ = 0;     // Off the CPU since this time, if is_out_.
  std::uint64_t latest_ns_ = 0;  // Of its records.
  std::int64_t group_ = 0;
  Pid pid_ = 0;
  Tid tid_ = 0;
  std::int32_t number_ = 0;
  std::uint32_t losses_ = 0;  // Of the tracker, when this was last true.
  SyscallAbi abi_ = SyscallAbi::kNative;
  State state_ = State::kUnknown;
  Membership membership_ = Membership::kStranger;
  bool is_out_ = false;
  bool has_ended_ = false;
};

}  // namespace profiler::syscalls
