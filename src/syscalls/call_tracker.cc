#include "syscalls/call_tracker.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "syscalls/call_traits.h"

namespace profiler::syscalls {
namespace {

// How long after its end a thread may still be found freeing what it had.
constexpr std::uint64_t kBurialNs = 100'000'000;
// How many ancestors of a process are looked at.
constexpr int kGenerations = 64;

std::uint64_t since(std::uint64_t before, std::uint64_t now) {
  return now > before ? now - before : 0;
}

/// The ABI of a call that was not seen to begin is not known.
bool may_make_threads(std::int32_t number) {
  return traits_of(number, SyscallAbi::kNative).makes_threads ||
         traits_of(number, SyscallAbi::kCompat32).makes_threads;
}

}  // namespace

std::uint64_t CallTracker::Thread::off_until(std::uint64_t time_ns) const {
  return off_ns_ + (is_out_ ? since(std::max(out_ns_, since_ns_), time_ns) : 0);
}

void CallTracker::Thread::begin(State state, std::uint64_t time_ns) {
  state_ = state;
  since_ns_ = time_ns;
  off_ns_ = 0;
  is_out_ = false;  // It runs, or it could not do what it does.
}

void CallTracker::Thread::end_of_absence(std::uint64_t time_ns) {
  if (!is_out_) return;
  off_ns_ += since(std::max(out_ns_, since_ns_), time_ns);
  is_out_ = false;
}

CallTracker::CallTracker(TrackerOptions options, CallTotals& totals)
    : options_(std::move(options)), totals_(&totals) {}

CallTracker::Membership CallTracker::membership_of(Pid pid, Tid tid) {
  if (options_.all || target_threads_.contains(tid)) return Membership::kMember;
  if (const auto process = targets_.find(pid); process != targets_.end()) {
    // The exec that it waits for may be what was lost.
    if (losses_ != 0 && process->second == Membership::kAtExec) {
      process->second = Membership::kMember;
    }
    return process->second;
  }
  if (losses_ == 0 || !options_.parent_of) return Membership::kStranger;
  const Membership membership = inherited_membership(pid);
  if (membership != Membership::kStranger) targets_[pid] = membership;
  return membership;
}

/// Of a process whose fork may have been lost.
CallTracker::Membership CallTracker::inherited_membership(Pid pid) const {
  for (int generation = 0; generation < kGenerations; ++generation) {
    const std::optional<Pid> parent = options_.parent_of(pid);
    if (!parent || *parent <= 1) break;
    pid = *parent;
    if (const auto process = targets_.find(pid); process != targets_.end()) return process->second;
  }
  return Membership::kStranger;
}

CallTracker::Thread* CallTracker::thread(Pid pid, Tid tid) {
  const auto [found, is_new] = threads_.try_emplace(tid);
  Thread& thread = found->second;
  if (!is_new && !gives_way_to_exec(thread)) return &thread;
  if (!is_new) {
    close_at_end(thread);
    thread = Thread();
  }
  thread.pid_ = pid;
  thread.tid_ = tid;
  thread.membership_ = membership_of(pid, tid);
  thread.losses_ = losses_;
  thread.since_ns_ = options_.start_ns;
  // It has been there from the start, or what tells of its beginning is missing.
  thread.state_ = losses_ == 0 ? Thread::State::kUnknown : Thread::State::kAfterLoss;
  if (take_exec_of_another(thread)) return &thread;
  if (!thread.is_stranger()) thread.group_ = group_of(pid, tid);
  return &thread;
}

CallTracker::Thread* CallTracker::known_thread(Pid pid, Tid tid) {
  const auto found = threads_.find(tid);
  if (found != threads_.end() && !gives_way_to_exec(found->second)) return &found->second;
  return !execs_.empty() && tid == pid ? thread(pid, tid) : nullptr;
}

CallTracker::Thread* CallTracker::ended_thread(Tid tid) {
  const auto found = threads_.find(tid);
  return found != threads_.end() && found->second.has_ended_ ? &found->second : nullptr;
}

/// The first thread of a process has ended, and another is about to take its number.
bool CallTracker::gives_way_to_exec(const Thread& thread) const {
  return thread.has_ended_ && !execs_.empty() && thread.tid_ == thread.pid_;
}

void CallTracker::forget_after_loss(Thread& thread) {
  if (thread.state_ == Thread::State::kInCall && !thread.is_stranger()) ++lost_;
  thread.losses_ = losses_;
  thread.state_ = Thread::State::kAfterLoss;
  thread.is_out_ = false;
  // The exec that it waits for may be what was lost.
  if (thread.membership_ == Membership::kAtExec) {
    targets_[thread.pid_] = thread.membership_ = Membership::kMember;
  }
}

FinishedCall CallTracker::measured(const Thread& thread, std::uint64_t time_ns) {
  const std::uint64_t wall = since(thread.since_ns_, time_ns);
  const std::uint64_t off = std::min(wall, thread.off_until(time_ns));
  return {.begun_before = thread.state_ == Thread::State::kUnknown,
          .wall_ns = wall,
          .cpu_ns = wall - off};
}

void CallTracker::close(Thread& thread, std::uint64_t time_ns, CallEnd end, std::int64_t result) {
  FinishedCall call = measured(thread, time_ns);
  call.end = end;
  call.result = result;
  thread.state_ = Thread::State::kOutside;
  if (thread.is_stranger()) return;
  if (thread.membership_ == Membership::kAtExec) {
    if (end != CallEnd::kReturned || result != 0 || !traits_of(thread.number_, thread.abi_).execs)
      return;
    targets_[thread.pid_] = thread.membership_ = Membership::kMember;
  }
  const CallKey key{.group = thread.group_, .number = thread.number_, .abi = thread.abi_};
  totals_->add(key, call);
  if (call.wall_ns >= options_.long_ns && end == CallEnd::kReturned) {
    options_.on_long_call(thread.tid_, key, time_ns, call);
  }
}

void CallTracker::entered(Thread& thread, std::uint64_t time_ns, std::int32_t number,
                          SyscallAbi abi) {
  if (thread.losses_ != losses_) forget_after_loss(thread);
  // Its return was never told.
  if (thread.state_ == Thread::State::kInCall && !thread.is_stranger()) ++lost_;
  thread.latest_ns_ = time_ns;
  thread.begin(Thread::State::kInCall, time_ns);
  thread.number_ = number;
  thread.abi_ = abi;
  if (thread.tid_ != thread.pid_ && traits_of(number, abi).execs) execs_.push_back(thread.tid_);
}

void CallTracker::returned(Thread& thread, std::uint64_t time_ns, std::int32_t number,
                           std::int64_t result) {
  if (thread.losses_ != losses_) forget_after_loss(thread);
  thread.latest_ns_ = time_ns;
  switch (thread.state_) {
    case Thread::State::kInCall:
      // Whatever its number is called now: a program that was exec'd has the number of its own
      // ABI, and sigreturn none at all.
      break;
    case Thread::State::kNew:
      thread.state_ = Thread::State::kOutside;
      return;  // From the call that made it, which is its parent's.
    case Thread::State::kUnknown:
    case Thread::State::kAfterLoss:
      if (thread.state_ == Thread::State::kUnknown && (result != 0 || !may_make_threads(number))) {
        thread.number_ = number;
        break;
      }
      if (thread.state_ == Thread::State::kAfterLoss && !thread.is_stranger()) ++lost_;
      thread.state_ = Thread::State::kOutside;
      return;
    case Thread::State::kOutside:
    case Thread::State::kSignalled:
      // Refused by seccomp(2), which is asked before anything is told of the call.
      thread.begin(thread.state_, time_ns);
      thread.number_ = number;
      thread.abi_ = SyscallAbi::kNative;
      break;
  }
  if (!execs_.empty()) std::erase(execs_, thread.tid_);
  const bool new_program = result == 0 && traits_of(thread.number_, thread.abi_).execs;
  close(thread, time_ns, CallEnd::kReturned, result);
  if (new_program) thread.group_ = group_of(thread.pid_, thread.tid_);
}

/// When a thread that is not the first of its process execs, it takes the first one's number.
bool CallTracker::take_exec_of_another(Thread& leader) {
  if (execs_.empty() || leader.tid_ != leader.pid_) return false;
  for (auto tid = execs_.begin(); tid != execs_.end(); ++tid) {
    const auto found = threads_.find(*tid);
    if (found == threads_.end() || found->second.pid_ != leader.pid_) continue;
    const Thread other = found->second;
    execs_.erase(tid);
    if (other.state_ != Thread::State::kInCall || other.losses_ != losses_) return false;
    threads_.erase(found);
    const Tid number = leader.tid_;
    leader = other;
    leader.tid_ = number;
    return true;
  }
  return false;
}

void CallTracker::switched_out(Thread& thread, std::uint64_t time_ns) {
  if (thread.losses_ != losses_) forget_after_loss(thread);
  thread.latest_ns_ = time_ns;
  if (thread.is_out_) return;
  thread.is_out_ = true;
  thread.out_ns_ = time_ns;
}

void CallTracker::switched_in(Thread& thread, std::uint64_t time_ns) {
  if (thread.losses_ != losses_) forget_after_loss(thread);
  if (thread.latest_ns_ == 0 && thread.state_ == Thread::State::kUnknown) {
    // It was off the CPU when counting began.
    thread.is_out_ = true;
    thread.out_ns_ = thread.since_ns_;
  }
  thread.latest_ns_ = time_ns;
  thread.end_of_absence(time_ns);
}

void CallTracker::signalled(Thread& thread, std::uint64_t time_ns) {
  if (thread.losses_ != losses_) forget_after_loss(thread);
  thread.latest_ns_ = time_ns;
  if (thread.state_ == Thread::State::kInCall) return;
  thread.begin(Thread::State::kSignalled, time_ns);
}

void CallTracker::forked(Pid pid, Tid tid, Pid parent_pid, std::uint64_t time_ns) {
  if (pid != parent_pid && !options_.all) {
    // A child is what its parent is.
    const auto known = targets_.find(parent_pid);
    const Membership inherited = known == targets_.end() ? Membership::kStranger : known->second;
    if (inherited == Membership::kStranger) {
      targets_.erase(pid);
    } else {
      targets_[pid] = inherited;
    }
  }
  target_threads_.erase(tid);
  if (const auto before = threads_.find(tid); before != threads_.end()) {
    if (before->second.has_ended_) close_at_end(before->second);
    threads_.erase(before);
  }
  Thread& child = *thread(pid, tid);
  child.state_ = Thread::State::kNew;
  child.since_ns_ = time_ns;
  child.latest_ns_ = time_ns;
}

void CallTracker::ended(Tid tid, std::uint64_t time_ns) {
  const auto found = threads_.find(tid);
  if (found == threads_.end()) return;
  Thread& thread = found->second;
  // An exec has given its number to another thread of its process meanwhile.
  if (time_ns < thread.latest_ns_) return;
  thread.latest_ns_ = time_ns;
  thread.has_ended_ = true;
  std::erase(execs_, tid);
  if (options_.switches_after_end && !thread.is_stranger()) {
    dying_.push_back(tid);
    return;
  }
  close_at_end(thread);
  threads_.erase(found);
}

void CallTracker::close_at_end(Thread& thread) {
  if (thread.losses_ != losses_) forget_after_loss(thread);
  const std::uint64_t end = thread.is_out_ ? thread.out_ns_ : thread.latest_ns_;
  thread.is_out_ = false;
  if (thread.state_ == Thread::State::kInCall) {
    close(thread, end, CallEnd::kNeverReturns, 0);
  } else if (thread.state_ == Thread::State::kSignalled &&
             thread.membership_ == Membership::kMember) {
    killed_cpu_ns_ += since(thread.since_ns_ + thread.off_ns_, end);
  }
}

void CallTracker::bury(std::uint64_t time_ns) {
  std::erase_if(dying_, [&](Tid tid) {
    const auto found = threads_.find(tid);
    // The number may be another's by now.
    if (found == threads_.end() || !found->second.has_ended_) return true;
    if (since(found->second.latest_ns_, time_ns) < kBurialNs) return false;
    close_at_end(found->second);
    threads_.erase(found);
    return true;
  });
}

void CallTracker::lost(std::uint64_t records) {
  lost_ += records;
  ++losses_;
}

void CallTracker::finish(std::uint64_t time_ns) {
  bury(std::numeric_limits<std::uint64_t>::max());
  for (auto& [tid, thread] : threads_) {
    if (thread.losses_ != losses_) forget_after_loss(thread);
  }
  add_unfinished(time_ns, *totals_);
  threads_.clear();
}

void CallTracker::add_unfinished(std::uint64_t time_ns, CallTotals& totals) const {
  for (const auto& [tid, thread] : threads_) {
    if (thread.state_ != Thread::State::kInCall || thread.losses_ != losses_ ||
        thread.membership_ != Membership::kMember) {
      continue;
    }
    FinishedCall call = measured(thread, time_ns);
    const bool dying = traits_of(thread.number_, thread.abi_).never_returns;
    call.end = dying ? CallEnd::kNeverReturns : CallEnd::kUnfinished;
    totals.add({.group = thread.group_, .number = thread.number_, .abi = thread.abi_}, call);
  }
}

}  // namespace profiler::syscalls
