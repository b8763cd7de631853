#include "syscalls/call_tracker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <tuple>
#include <vector>

namespace profiler::syscalls {
namespace {

#if defined(__x86_64__)
constexpr int kRead = 0, kClone = 56, kVfork = 58, kExecve = 59, kExit = 60, kSigreturn = 15,
              kPoll = 7, kFutex = 202, kRestart = 219, kExitGroup = 231, kExecveat = 322,
              kExecveOf32 = 11;
#else
constexpr int kRead = 63, kClone = 220, kVfork = 220, kExecve = 221, kExit = 93, kSigreturn = 139,
              kPoll = 73, kFutex = 98, kRestart = 128, kExitGroup = 94, kExecveat = 281,
              kExecveOf32 = 11;
#endif
constexpr auto kNative = SyscallAbi::kNative;

/// A tracker told by thread number; `counted()` are its rows.
struct Told {
  explicit Told(TrackerOptions options = {.all = true, .start_ns = 1000})
      : tracker(std::move(options), totals) {}

  void enter(std::uint64_t time, Tid tid, int number, SyscallAbi abi = kNative) {
    tracker.entered(*tracker.thread(pid_of(tid), tid), time, number, abi);
  }
  void leave(std::uint64_t time, Tid tid, int number, std::int64_t result) {
    tracker.returned(*tracker.thread(pid_of(tid), tid), time, number, result);
  }
  void out(std::uint64_t time, Tid tid) {
    if (CallTracker::Thread* thread = tracker.known_thread(pid_of(tid), tid)) {
      tracker.switched_out(*thread, time);
    }
  }
  void in(std::uint64_t time, Tid tid) {
    tracker.switched_in(*tracker.thread(pid_of(tid), tid), time);
  }
  void signal(std::uint64_t time, Tid tid) {
    tracker.signalled(*tracker.thread(pid_of(tid), tid), time);
  }
  /// Threads 10 to 19 are of process 10, and so on.
  static Pid pid_of(Tid tid) { return tid / 10 * 10; }
  void fork(std::uint64_t time, Tid child, Tid parent) {
    tracker.forked(pid_of(child), child, pid_of(parent), time);
  }

  SyscallAccount account() {
    return totals.account({}, [&](std::string_view text) {
      names.emplace_back(text);
      return StringIndex(names.size() - 1);
    });
  }
  /// The row of a call; one without calls if there is none.
  SyscallRow row(int number, std::int64_t group = 0, SyscallAbi abi = kNative) {
    const SyscallAccount all = account();
    const auto found = find_row(all, {.group = group, .number = number, .abi = abi});
    return found ? all.rows[*found] : SyscallRow{};
  }

  CallTotals totals;
  CallTracker tracker;
  std::vector<std::string> names;
};

TEST(CallTracker, MeasuresACallAndItsTimeOffTheCpu) {
  Told told;
  told.enter(2000, 10, kRead);
  told.out(2100, 10);
  told.in(2700, 10);
  told.out(2800, 10);
  told.in(2850, 10);
  told.leave(3000, 10, kRead, 512);
  const SyscallRow row = told.row(kRead);
  EXPECT_EQ(row.calls, 1U);
  EXPECT_EQ(row.wall_ns, 1000U);
  EXPECT_EQ(row.cpu_ns, 350U);
  EXPECT_EQ(row.returned, 512U);
  EXPECT_EQ(row.begun_before, 0U);
  EXPECT_EQ(told.tracker.lost_records(), 0U);
}

TEST(CallTracker, LeavesOutTheTimeOffTheCpuBetweenCalls) {
  Told told;
  told.enter(2000, 10, kRead);
  told.leave(2100, 10, kRead, 0);
  told.out(2200, 10);
  told.in(9000, 10);
  told.enter(9100, 10, kRead);
  told.leave(9250, 10, kRead, 0);
  const SyscallRow row = told.row(kRead);
  EXPECT_EQ(row.wall_ns, 250U);
  EXPECT_EQ(row.cpu_ns, 250U);
  EXPECT_EQ(row.calls, 2U);
}

TEST(CallTracker, CountsErrorsAndRestartsApart) {
  Told told;
  told.enter(2000, 10, kPoll);
  told.leave(2100, 10, kPoll, -516);
  told.signal(2110, 10);
  told.enter(2200, 10, kSigreturn);
  told.leave(2210, 10, -1, -EINTR);  // The kernel has no number for it by then.
  told.enter(2300, 10, kRestart);
  told.leave(2400, 10, kRestart, -EINTR);
  EXPECT_EQ(told.row(kPoll).restarts, 1U);
  EXPECT_EQ(told.row(kPoll).errors, 0U);
  EXPECT_EQ(told.row(kRestart).errors, 1U);
  EXPECT_EQ(told.row(kSigreturn).calls, 1U);
  EXPECT_EQ(told.account().rows.size(), 3U);
}

TEST(CallTracker, EndsACallThatNeverReturnsWithItsThread) {
  Told told;
  told.fork(1500, 11, 10);
  told.enter(2000, 11, kExit);
  told.out(2010, 11);
  told.in(2030, 11);
  told.tracker.ended(11, 2100);
  told.enter(2000, 10, kExitGroup);
  told.tracker.ended(10, 2500);
  told.out(2510, 10);  // The last that is seen of it.
  told.tracker.finish(3000);
  EXPECT_EQ(told.row(kExit).calls, 1U);
  EXPECT_EQ(told.row(kExit).wall_ns, 100U);
  EXPECT_EQ(told.row(kExit).cpu_ns, 80U);
  EXPECT_EQ(told.row(kExitGroup).wall_ns, 500U);
  EXPECT_EQ(told.row(kExitGroup).unfinished, 0U);
  EXPECT_EQ(told.tracker.threads(), 0U);
  EXPECT_EQ(told.tracker.lost_records(), 0U);
}

TEST(CallTracker, CountsWhatAThreadDoesAfterItsEndWhereThatIsTold) {
  Told told({.all = true, .start_ns = 1000, .switches_after_end = true});
  told.enter(2000, 10, kExitGroup);
  told.tracker.ended(10, 2100);
  told.out(2200, 10);  // It frees its memory, and others run meanwhile.
  told.in(2300, 10);
  told.out(2500, 10);
  told.signal(2000, 20);
  told.tracker.ended(20, 2100);
  told.out(2150, 20);
  told.enter(2000, 30, kExit);
  told.tracker.ended(30, 2100);  // The rest is not told.
  told.tracker.bury(2600);
  EXPECT_EQ(told.totals.calls(), 0U);
  told.fork(2700, 30, 40);
  EXPECT_EQ(told.row(kExit).wall_ns, 100U);
  told.tracker.bury(1'000'000'000);
  EXPECT_EQ(told.row(kExitGroup).calls, 1U);
  EXPECT_EQ(told.row(kExitGroup).wall_ns, 500U);
  EXPECT_EQ(told.row(kExitGroup).cpu_ns, 400U);
  EXPECT_EQ(told.tracker.killed_cpu_ns(), 150U);
  EXPECT_EQ(told.tracker.threads(), 1U);  // That which has the number 30 now.
}

TEST(CallTracker, GivesTheNumberOfAThreadThatHasEndedToTheOneThatExecs) {
  Told told({.all = true, .start_ns = 1000, .switches_after_end = true});
  told.fork(1500, 12, 10);
  told.enter(1900, 10, kExit);
  told.enter(2000, 12, kExecve);
  told.out(2010, 12);
  told.tracker.ended(10, 2020);
  told.tracker.switched_out(*told.tracker.ended_thread(10), 2030);
  told.in(2040, 12);
  told.leave(2100, 10, kExecve, 0);
  told.tracker.finish(3000);
  EXPECT_EQ(told.row(kExecve).calls, 1U);
  EXPECT_EQ(told.row(kExecve).cpu_ns, 70U);
  EXPECT_EQ(told.row(kExit).calls, 1U);
  EXPECT_EQ(told.row(kExit).wall_ns, 130U);
}

TEST(CallTracker, SaysWhatIsUnfinished) {
  Told told;
  told.enter(2000, 10, kPoll);
  told.out(2100, 10);
  told.enter(2000, 20, kExitGroup);
  CallTotals so_far;
  told.tracker.add_unfinished(2500, so_far);
  EXPECT_EQ(so_far.calls(), 2U);
  EXPECT_EQ(told.totals.calls(), 0U);
  told.tracker.finish(3000);
  const SyscallRow row = told.row(kPoll);
  EXPECT_EQ(row.calls, 1U);
  EXPECT_EQ(row.unfinished, 1U);
  EXPECT_EQ(row.wall_ns, 1000U);
  EXPECT_EQ(row.cpu_ns, 100U);
  EXPECT_EQ(told.row(kExitGroup).unfinished, 0U);
  EXPECT_EQ(told.row(kExitGroup).wall_ns, 1000U);
}

TEST(CallTracker, CountsCallsUnderWayAtTheStartFromThere) {
  Told told;
  told.leave(1300, 10, kRead, 5);  // On its CPU all the time.
  told.in(1400, 20);               // Blocked.
  told.leave(1450, 20, kPoll, 1);
  told.out(1200, 30);  // On its CPU, then not: nothing is known of it before.
  told.in(1600, 30);
  told.leave(1650, 30, kFutex, 0);
  EXPECT_EQ(told.row(kRead).begun_before, 1U);
  EXPECT_EQ(told.row(kRead).wall_ns, 300U);
  EXPECT_EQ(told.row(kRead).cpu_ns, 300U);
  EXPECT_EQ(told.row(kPoll).wall_ns, 450U);
  EXPECT_EQ(told.row(kPoll).cpu_ns, 50U);
  EXPECT_EQ(told.row(kFutex).wall_ns, 650U);
  EXPECT_EQ(told.row(kFutex).calls, 1U);
}

TEST(CallTracker, DoesNotTakeAThreadThatWasComputingForOneInACall) {
  Told told;
  told.in(1400, 10);
  told.enter(1500, 10, kRead);
  told.leave(1600, 10, kRead, 0);
  EXPECT_EQ(told.row(kRead).begun_before, 0U);
  EXPECT_EQ(told.row(kRead).wall_ns, 100U);
  told.in(1400, 20);
  told.tracker.finish(5000);
  EXPECT_EQ(told.totals.calls(), 1U);
}

TEST(CallTracker, GivesAForkToTheParentAlone) {
  Told told;
  told.enter(2000, 10, kClone);
  told.fork(2050, 20, 10);
  told.in(2060, 20);
  told.leave(2080, 20, kClone, 0);
  told.leave(2100, 10, kClone, 20);
  told.enter(2110, 20, kRead);
  told.leave(2120, 20, kRead, 0);
  // Of a child that was made while counting began, its fork is not told.
  told.in(2000, 30);
  told.leave(2080, 30, kClone, 0);
  EXPECT_EQ(told.row(kClone).calls, 1U);
  EXPECT_EQ(told.row(kClone).wall_ns, 100U);
  EXPECT_EQ(told.row(kRead).calls, 1U);
}

TEST(CallTracker, CountsAVforkUntilTheChildIsDone) {
  Told told;
  told.enter(2000, 10, kVfork);
  told.fork(2010, 20, 10);
  told.out(2020, 10);
  told.leave(2030, 20, kVfork, 0);
  told.enter(2040, 20, kExitGroup);
  told.tracker.ended(20, 2060);
  told.in(2070, 10);
  told.leave(2080, 10, kVfork, 20);
  EXPECT_EQ(told.row(kVfork).calls, 1U);
  EXPECT_EQ(told.row(kVfork).wall_ns, 80U);
  EXPECT_EQ(told.row(kVfork).cpu_ns, 30U);
  EXPECT_EQ(told.row(kExitGroup).calls, 1U);
}

TEST(CallTracker, CountsACallThatSeccompRefusesThoughItIsNeverEntered) {
  Told told;
  told.enter(2000, 10, kRead);
  told.leave(2010, 10, kRead, 0);
  told.out(2020, 10);
  told.in(2050, 10);
  told.leave(2100, 10, kPoll, -EPERM);
  told.leave(2200, 10, kClone, -ENOSYS);
  EXPECT_EQ(told.row(kPoll).errors, 1U);
  EXPECT_EQ(told.row(kPoll).wall_ns, 0U);
  EXPECT_EQ(told.row(kPoll).begun_before, 0U);
  EXPECT_EQ(told.row(kClone).errors, 1U);
  EXPECT_EQ(told.tracker.lost_records(), 0U);
}

TEST(CallTracker, KnowsAnExecByTheNumberItBeganWith) {
  Told told;
  told.enter(2000, 10, kExecveat);
  told.leave(2100, 10, kExecve, 0);
  told.enter(2200, 10, kExecve);
  told.leave(2300, 10, kExecveOf32, 0);
  told.enter(2400, 10, 3, SyscallAbi::kCompat32);
  told.leave(2410, 10, 3, 100);
  EXPECT_EQ(told.row(kExecveat).calls, 1U);
  EXPECT_EQ(told.row(kExecve).calls, 1U);
  EXPECT_EQ(told.row(kExecve).wall_ns, 100U);
  EXPECT_EQ(told.row(3, 0, SyscallAbi::kCompat32).returned, 100U);
  EXPECT_EQ(told.account().rows.size(), 3U);
}

TEST(CallTracker, FollowsAnExecByAThreadThatIsNotTheFirst) {
  Told told;
  told.fork(1500, 12, 10);
  told.fork(1500, 13, 10);
  told.enter(1600, 10, kFutex);
  told.enter(2000, 12, kExecve);
  told.enter(1700, 13, kPoll);
  told.out(2010, 12);  // Until the others have ended.
  told.leave(2020, 13, kPoll, -514);
  told.tracker.ended(13, 2025);
  told.leave(2030, 10, kFutex, -512);
  told.tracker.ended(10, 2040);
  told.in(2050, 12);
  told.out(2060, 10);  // It is thread 10 by now.
  told.in(2080, 10);
  told.leave(2100, 10, kExecve, 0);
  told.enter(2200, 10, kRead);
  told.leave(2300, 10, kRead, 0);
  EXPECT_EQ(told.row(kExecve).calls, 1U);
  EXPECT_EQ(told.row(kExecve).wall_ns, 100U);
  EXPECT_EQ(told.row(kExecve).cpu_ns, 40U);
  EXPECT_EQ(told.row(kExecve).begun_before, 0U);
  EXPECT_EQ(told.row(kRead).calls, 1U);
  EXPECT_EQ(told.row(kFutex).restarts, 1U);
  EXPECT_EQ(told.tracker.threads(), 1U);
  EXPECT_EQ(told.tracker.lost_records(), 0U);
}

TEST(CallTracker, IgnoresTheEndOfTheFirstThreadWhereTheExecCameBefore) {
  Told told;
  told.fork(1500, 12, 10);
  told.enter(2000, 12, kExecve);
  told.leave(2100, 10, kExecve, 0);
  told.enter(2200, 10, kRead);
  told.tracker.ended(10, 2050);  // Another CPU's record.
  told.leave(2300, 10, kRead, 0);
  EXPECT_EQ(told.row(kExecve).wall_ns, 100U);
  EXPECT_EQ(told.row(kRead).begun_before, 0U);
  EXPECT_EQ(told.row(kRead).calls, 1U);
}

TEST(CallTracker, LetsAThreadGoOnAfterAFailedExec) {
  Told told;
  told.fork(1500, 12, 10);
  told.enter(2000, 12, kExecve);
  told.leave(2100, 12, kExecve, -ENOENT);
  told.enter(2150, 12, kRead);
  told.enter(2200, 10, kRead);
  told.leave(2300, 10, kRead, 0);
  told.leave(2250, 12, kRead, 0);
  EXPECT_EQ(told.row(kExecve).errors, 1U);
  EXPECT_EQ(told.row(kRead).calls, 2U);
  EXPECT_EQ(told.row(kRead).wall_ns, 200U);
}

TEST(CallTracker, ClosesWhatWasOpenWhenRecordsWereLost) {
  Told told;
  told.enter(2000, 10, kPoll);
  told.out(2100, 10);
  told.enter(2000, 20, kRead);
  told.tracker.lost(7);
  told.leave(900'000, 10, kPoll, 0);  // May be of another call.
  told.enter(900'100, 10, kRead);     // From here on all is known again.
  told.leave(900'200, 10, kRead, 0);
  told.in(900'300, 20);
  told.out(900'400, 20);
  told.enter(900'500, 20, kPoll);
  told.leave(900'600, 20, kPoll, 0);
  told.leave(900'700, 30, kFutex, 0);  // New here, but not from the start.
  told.tracker.finish(1'000'000);
  EXPECT_EQ(told.row(kPoll).calls, 1U);
  EXPECT_EQ(told.row(kPoll).wall_ns, 100U);
  EXPECT_EQ(told.row(kPoll).cpu_ns, 100U);
  EXPECT_EQ(told.row(kRead).calls, 1U);
  EXPECT_EQ(told.row(kRead).max_ns, 100U);
  EXPECT_EQ(told.row(kFutex).calls, 0U);
  // Two were open, and two returned from what was not seen to begin.
  EXPECT_EQ(told.tracker.lost_records(), 7U + 2U + 2U);
}

TEST(CallTracker, CountsWhatSeccompRefusesAgainAfterALoss) {
  Told told;
  told.tracker.lost(1);
  told.leave(2000, 10, kPoll, -EPERM);
  told.leave(2100, 10, kPoll, -EPERM);
  EXPECT_EQ(told.row(kPoll).errors, 1U);
  EXPECT_EQ(told.tracker.lost_records(), 2U);
}

TEST(CallTracker, TellsThreadsOfOneNumberApart) {
  Told told;
  told.enter(2000, 10, kRead);  // Its end is not told.
  told.fork(5000, 10, 20);
  told.leave(5010, 10, kClone, 0);
  told.enter(5020, 10, kRead);
  told.leave(5030, 10, kRead, 0);
  EXPECT_EQ(told.row(kRead).calls, 1U);
  EXPECT_EQ(told.row(kRead).wall_ns, 10U);
  EXPECT_EQ(told.row(kClone).calls, 0U);
}

TEST(CallTracker, NeverSaysMoreCpuTimeThanTimeNorLessThanNone) {
  Told told;
  told.enter(2000, 10, kRead);
  told.leave(1990, 10, kRead, 0);  // Clocks of two CPUs may differ a little.
  told.enter(2000, 10, kRead);
  told.out(1900, 10);
  told.in(2500, 10);
  told.leave(2400, 10, kRead, 0);
  EXPECT_EQ(told.row(kRead).wall_ns, 400U);
  EXPECT_EQ(told.row(kRead).cpu_ns, 0U);
  told.enter(3000, 10, kPoll);
  told.out(2900, 10);
  told.in(3100, 10);
  told.leave(3400, 10, kPoll, 0);
  EXPECT_EQ(told.row(kPoll).cpu_ns, 300U);
}

TEST(CallTracker, MeasuresWhatKilledThreadsCost) {
  Told told({.start_ns = 1000});
  told.tracker.add_process(10);
  told.enter(2000, 11, kFutex);
  told.leave(2100, 11, kFutex, -512);
  told.signal(2110, 11);
  told.out(2120, 11);
  told.in(2130, 11);
  told.tracker.ended(11, 2200);
  told.signal(2000, 12);  // Handled, and the thread goes on.
  told.enter(3000, 12, kExit);
  told.tracker.ended(12, 3100);
  told.signal(2000, 20);  // Somebody else.
  told.tracker.ended(20, 2100);
  EXPECT_EQ(told.tracker.killed_cpu_ns(), 80U);
}

TEST(CallTracker, KeepsToTheTargetAndItsDescendants) {
  Told told({.start_ns = 1000});
  told.tracker.add_process(10);
  told.tracker.add_thread(31);
  for (const Tid tid : {10, 12, 20, 30, 31}) {
    told.enter(2000, tid, kRead);
    told.leave(2010, tid, kRead, 0);
    EXPECT_EQ(told.tracker.thread(0, tid)->is_stranger(), tid == 20 || tid == 30) << tid;
  }
  EXPECT_EQ(told.row(kRead).calls, 3U);
  told.fork(3000, 40, 12);  // A child of the target,
  told.fork(3000, 50, 40);  // and one of that,
  told.fork(3000, 60, 20);  // and a stranger's,
  told.fork(3000, 70, 31);  // and of a thread whose process is none.
  for (const Tid tid : {40, 50, 60, 70}) {
    told.enter(4000, tid, kPoll);
    told.leave(4010, tid, kPoll, 0);
  }
  EXPECT_EQ(told.row(kPoll).calls, 2U);
  told.tracker.ended(50, 5000);
  told.fork(6000, 50, 60);  // The number is a stranger's now.
  told.enter(7000, 50, kPoll);
  told.leave(7010, 50, kPoll, 0);
  EXPECT_EQ(told.row(kPoll).calls, 2U);
}

TEST(CallTracker, CountsAProgramFromTheExecThatMakesItOne) {
  Told told({.start_ns = 1000});
  told.tracker.add_process_at_exec(10);
  told.leave(2000, 10, kRead, 1);
  told.enter(2100, 10, kExecve);
  told.leave(2200, 10, kExecve, -ENOENT);
  told.enter(2300, 10, kExecve);
  told.leave(2400, 10, kExecve, 0);
  told.enter(2500, 10, kRead);
  told.leave(2600, 10, kRead, 1);
  told.fork(2700, 20, 10);
  told.leave(2700, 20, kClone, 0);
  told.enter(2800, 20, kRead);
  told.leave(2900, 20, kRead, 1);
  EXPECT_EQ(told.row(kExecve).calls, 1U);
  EXPECT_EQ(told.row(kExecve).wall_ns, 100U);
  EXPECT_EQ(told.row(kRead).calls, 2U);
}

TEST(CallTracker, SaysNothingOfAChildThatNeverBecameTheProgram) {
  Told told({.start_ns = 1000});
  told.tracker.add_process_at_exec(10);
  told.enter(2100, 10, kExecve);
  told.leave(2200, 10, kExecve, -ENOENT);
  told.enter(2300, 10, kExitGroup);
  told.tracker.ended(10, 2400);
  told.tracker.finish(3000);
  EXPECT_EQ(told.totals.calls(), 0U);
}

TEST(CallTracker, CountsAProgramWhoseExecMayHaveBeenLost) {
  Told told({.start_ns = 1000});
  told.tracker.add_process_at_exec(10);
  told.leave(2000, 10, kRead, 1);
  told.tracker.lost(3);
  told.enter(3000, 10, kPoll);
  told.leave(3100, 10, kPoll, 1);
  EXPECT_EQ(told.row(kPoll).calls, 1U);
  EXPECT_EQ(told.row(kRead).calls, 0U);

  Told other({.start_ns = 1000});
  other.tracker.add_process_at_exec(20);
  other.tracker.lost(3);
  other.enter(3000, 21, kPoll);  // Another thread comes first.
  other.leave(3100, 21, kPoll, 1);
  EXPECT_EQ(other.row(kPoll).calls, 1U);
}

TEST(CallTracker, LooksForTheParentOfAProcessWhoseForkMayHaveBeenLost) {
  Told told({.start_ns = 1000, .parent_of = [](Pid pid) -> std::optional<Pid> {
               if (pid == 40) return 30;
               if (pid == 30) return 10;
               if (pid == 50) return 1;
               return std::nullopt;
             }});
  told.tracker.add_process(10);
  told.enter(2000, 60, kRead);  // A stranger without further ado.
  told.leave(2010, 60, kRead, 0);
  told.tracker.lost(3);
  for (const Tid tid : {41, 30, 50, 70}) {
    told.enter(3000, tid, kRead);
    told.leave(3010, tid, kRead, 0);
  }
  EXPECT_EQ(told.row(kRead).calls, 2U);
}

TEST(CallTracker, AsksForTheGroupOfEachThread) {
  Told told({.all = true, .start_ns = 1000, .group_of = [](Pid pid, Tid) { return pid; }});
  told.enter(2000, 10, kRead);
  told.enter(2000, 21, kRead);
  told.leave(2010, 10, kRead, 0);
  told.leave(2030, 21, kRead, 0);
  EXPECT_EQ(told.row(kRead, 10).wall_ns, 10U);
  EXPECT_EQ(told.row(kRead, 20).wall_ns, 30U);
}

TEST(CallTracker, ChangesTheGroupWithTheProgram) {
  int programs = 0;
  Told told({.all = true, .start_ns = 1000, .group_of = [&](Pid, Tid) { return programs; }});
  told.enter(2000, 10, kExecve);
  programs = 1;
  told.leave(2010, 10, kExecve, 0);
  told.enter(2020, 10, kRead);
  told.leave(2030, 10, kRead, 0);
  EXPECT_EQ(told.row(kExecve, 0).calls, 1U);
  EXPECT_EQ(told.row(kRead, 1).calls, 1U);
}

TEST(CallTracker, TellsOfLongCallsThatReturned) {
  std::vector<std::tuple<Tid, int, std::uint64_t, std::uint64_t>> told_of;
  Told told({.all = true,
             .start_ns = 1000,
             .long_ns = 500,
             .on_long_call = [&](Tid tid, const CallKey& key, std::uint64_t end,
                                 const FinishedCall& call) {
               told_of.emplace_back(tid, key.number, end, call.wall_ns);
             }});
  told.enter(2000, 10, kRead);
  told.leave(2499, 10, kRead, 0);
  told.enter(3000, 10, kPoll);
  told.leave(3500, 10, kPoll, 0);
  told.enter(4000, 10, kExit);
  told.tracker.ended(10, 9000);
  ASSERT_EQ(told_of.size(), 1U);
  EXPECT_EQ(told_of[0], (std::tuple<Tid, int, std::uint64_t, std::uint64_t>(10, kPoll, 3500, 500)));
}

TEST(CallTracker, CountsOddNumbers) {
  Told told;
  for (const int number : {999, -1, 1 << 29, -(1 << 30)}) {
    told.enter(2000, 10, number);
    told.leave(2010, 10, number, -ENOSYS);
    EXPECT_EQ(told.row(number).errors, 1U) << number;
  }
}

/// One thread's life, as records in order of time, and what is true of its calls.
struct Record {
  enum class Kind { kEnter, kLeave, kOut, kIn, kEnd } kind = Kind::kEnter;
  std::uint64_t time = 0;
  Tid tid = 0;
  int number = 0;
  std::int64_t result = 0;
};
struct Truth {
  std::uint64_t calls = 0, errors = 0, restarts = 0, unfinished = 0, begun_before = 0, wall = 0,
                cpu = 0;
  auto operator<=>(const Truth&) const = default;
};

TEST(CallTracker, AgreesWithAModelOfThreadsThatMoveBetweenCpus) {
  constexpr std::uint64_t kStart = 1000;
  constexpr std::uint64_t kStop = 60'000;
  for (unsigned seed = 1; seed <= 60; ++seed) {
    std::mt19937 random(seed);
    std::vector<Record> records;
    std::map<int, Truth> truth;
    for (Tid tid = 10; tid < 40; ++tid) {
      // A thread alternates between computing and calls, long before the start and beyond the end;
      // it is off its CPU at random times, but not at those of its own records.
      std::uint64_t now = random() % 900;
      std::vector<std::pair<std::uint64_t, std::uint64_t>> absences;
      const auto pass = [&](std::uint64_t most) {
        now += 1 + random() % most;
        if (random() % 3 != 0) return;
        const std::uint64_t out = now;
        now += 1 + random() % (2 * most);
        const std::uint64_t in = now++;
        absences.emplace_back(out, in);
        if (out >= kStart && out <= kStop) records.push_back({Record::Kind::kOut, out, tid, 0, 0});
        if (in >= kStart && in <= kStop) records.push_back({Record::Kind::kIn, in, tid, 0, 0});
      };
      const std::uint64_t life = 5000 + random() % 80'000;
      bool ended = false;
      while (now < kStop && !ended) {
        pass(3000);
        const std::uint64_t enter = now;
        ended = now > life;
        const int number = ended ? kExit : std::int32_t(300 + random() % 4);
        for (unsigned parts = random() % 3; parts > 0; --parts) pass(2000);
        const std::uint64_t leave = ++now;
        const std::int64_t results[] = {0, 17, -EAGAIN, -512};
        const std::int64_t result = results[random() % 4];
        if (enter >= kStart && enter <= kStop)
          records.push_back({Record::Kind::kEnter, enter, tid, number, 0});
        if (leave >= kStart && leave <= kStop)
          records.push_back(
              {ended ? Record::Kind::kEnd : Record::Kind::kLeave, leave, tid, number, result});
        if (enter > kStop || leave < kStart) continue;
        const bool cut = leave > kStop;
        // Such a thread is not known to be in a call, and its only record may be its end.
        if (enter < kStart && (cut || ended)) continue;
        Truth& row = truth[number];
        ++row.calls;
        row.begun_before += enter < kStart;
        row.unfinished += cut && !ended;
        row.errors += !cut && !ended && result == -EAGAIN;
        row.restarts += !cut && !ended && result == -512;
        const std::uint64_t from = std::max(enter, kStart);
        const std::uint64_t to = std::min(leave, kStop);
        row.wall += to - from;
        row.cpu += to - from;
        for (const auto& [out, in] : absences) {
          const std::uint64_t a = std::max(out, from);
          const std::uint64_t b = std::min(in, to);
          if (a < b) row.cpu -= b - a;
        }
      }
    }
    // Any order that keeps each thread's: CPUs are merged by stretches, not by single records.
    std::ranges::stable_sort(records, {}, [](const Record& r) { return r.time; });
    std::map<Tid, std::uint32_t> delay;
    for (Tid tid = 10; tid < 40; ++tid) delay[tid] = random() % 5000;
    std::ranges::stable_sort(records, {}, [&](const Record& r) { return r.time + delay[r.tid]; });

    Told told({.all = true, .start_ns = kStart});
    for (const Record& r : records) {
      switch (r.kind) {
        case Record::Kind::kEnter:
          told.enter(r.time, r.tid, r.number);
          break;
        case Record::Kind::kLeave:
          told.leave(r.time, r.tid, r.number, r.result);
          break;
        case Record::Kind::kOut:
          told.tracker.thread(Told::pid_of(r.tid), r.tid);
          told.out(r.time, r.tid);
          break;
        case Record::Kind::kIn:
          told.in(r.time, r.tid);
          break;
        case Record::Kind::kEnd:
          told.tracker.ended(r.tid, r.time);
          break;
      }
    }
    told.tracker.finish(kStop);
    std::map<int, Truth> counted;
    for (const SyscallRow& row : told.account().rows) {
      counted[row.number] = {row.calls,        row.errors,  row.restarts, row.unfinished,
                             row.begun_before, row.wall_ns, row.cpu_ns};
    }
    EXPECT_TRUE(counted == truth) << "seed " << seed;
    EXPECT_EQ(told.tracker.lost_records(), 0U) << "seed " << seed;
  }
}

TEST(CallTracker, NeverSaysAnAbsurdDurationAfterLosses) {
  // Calls take 100 at most. A tenth of all records is missing, each loss told where it happened.
  std::mt19937 random(3);
  Told told;
  std::uint64_t made = 0;
  std::uint64_t pending = 0;
  std::uint64_t dropped = 0;
  const auto kept = [&] {
    if (random() % 10 == 0) {
      ++pending;
      ++dropped;
      return false;
    }
    if (pending != 0) told.tracker.lost(std::exchange(pending, 0));
    return true;
  };
  std::uint64_t now = 2000;
  for (int i = 0; i < 20'000; ++i) {
    const Tid tid = 10 + Tid(random() % 5);
    now += 10'000;
    ++made;
    if (kept()) told.enter(now, tid, kRead);
    if (kept()) told.leave(now + 1 + random() % 100, tid, kRead, 0);
  }
  told.tracker.finish(now + 1000);
  const SyscallRow row = told.row(kRead);
  EXPECT_LE(row.max_ns, 100U + 1000U);  // The last may be unfinished.
  EXPECT_LT(row.calls, made);
  EXPECT_GT(row.calls, made / 2);
  EXPECT_GT(told.tracker.lost_records(), dropped);
  // Each call is in the row, or at least one of its two records is said to be lost.
  EXPECT_GE(row.calls + told.tracker.lost_records(), made);
}

TEST(CallTracker, KnowsTenThousandThreads) {
  Told told({.all = true, .start_ns = 1000, .group_of = [](Pid, Tid tid) { return tid; }});
  for (Tid tid = 10; tid < 10'010; ++tid) told.enter(std::uint64_t(2000 + tid), tid, kRead);
  for (Tid tid = 10; tid < 10'010; ++tid) told.leave(std::uint64_t(20'000 + tid), tid, kRead, 1);
  EXPECT_EQ(told.totals.calls(), 10'000U);
  EXPECT_EQ(told.row(kRead, 5000).wall_ns, 18'000U);
  for (Tid tid = 10; tid < 10'010; ++tid) told.tracker.ended(tid, 40'000);
  EXPECT_EQ(told.tracker.threads(), 0U);
}

}  // namespace
}  // namespace profiler::syscalls
