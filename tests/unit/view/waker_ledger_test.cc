#include "view/waker_ledger.h"

#include <gtest/gtest.h>

#include "tests/support/profile_builder.h"
#include "view/wait_samples.h"

namespace profiler::view {
namespace {

using test::ProfileBuilder;
using test::syscall;

constexpr std::uint64_t kMs = 1'000'000;

/// Three waits for a lock and one for a pipe; the samples are on the stacks of who ended them.
Profile woken() {
  Profile profile =
      ProfileBuilder()
          .wait("main;take#7", "futex_wait;schedule", WaitClass::kLock, 2 * kMs, 3)
          .wait("main;get#9", "anon_pipe_read;schedule", WaitClass::kPipe, kMs, 1, syscall("read"))
          .sys("main;drop#3", "entry_SYSCALL_64;futex_wake", syscall("futex"))
          .sys("", "asm_sysvec_apic_timer_interrupt;hrtimer_wakeup", test::irq("timer"))
          .build();
  profile.waits[0].waker = profile.samples[0].stack;
  profile.waits[1].waker = profile.samples[0].stack;
  profile.waits[3].waker = profile.samples[1].stack;
  return profile;
}

TEST(WakerLedger, PairsWhoWaitedWithWhoEndedIt) {
  const std::vector<WakerRow> rows = waker_ledger(woken(), {});
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].wait_class, WaitClass::kLock);
  EXPECT_EQ(rows[0].waiter.function, "take");
  EXPECT_EQ(rows[0].waiter.line, 7U);
  EXPECT_EQ(rows[0].waker.function, "drop");
  EXPECT_EQ(rows[0].via, "<syscall futex>");
  EXPECT_EQ(rows[0].wait, 4 * kMs) << "the third wait's waker is not known";
  EXPECT_EQ(rows[0].waits, 2U);
  EXPECT_EQ(rows[1].waiter.function, "get");
  EXPECT_EQ(rows[1].waker.function, "") << "an interrupt";
  EXPECT_EQ(rows[1].via, "<irq timer>");
}

TEST(WakerLedger, DoesNotTakeWhatWasInterruptedForTheWaker) {
  Profile profile =
      ProfileBuilder()
          .wait("main;nap", "do_nanosleep;schedule", WaitClass::kSleep, kMs, 2)
          .sys("main;copy",
               "entry_SYSCALL_64;vfs_read;asm_sysvec_apic_timer_interrupt;hrtimer_wakeup",
               test::irq("timer"), syscall("read"), 1)
          .sys("main;spin", "asm_sysvec_apic_timer_interrupt;hrtimer_wakeup", test::irq("timer"))
          .build();
  profile.waits[0].waker = profile.samples[0].stack;
  profile.waits[1].waker = profile.samples[1].stack;
  const std::vector<WakerRow> rows = waker_ledger(profile, {});
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].waker.function, "");
  EXPECT_EQ(rows[0].via, "<irq timer>");
  EXPECT_EQ(rows[0].waits, 2U);
}

TEST(WakerLedger, TakesAFilterByClass) {
  Filter filter;
  filter.wait = WaitClass::kPipe;
  const std::vector<WakerRow> rows = waker_ledger(woken(), filter);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].wait_class, WaitClass::kPipe);
}

TEST(WakerLedger, HasTheClassesThatTablesOfWaitsHave) {
  Profile profile = woken();
  profile.stacks[profile.waits[3].stack].wait = WaitClass::kNone;
  Filter filter;
  filter.wait = WaitClass::kOther;
  const std::vector<WakerRow> rows = waker_ledger(profile, filter);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].waiter.function, "get");
  EXPECT_EQ(rows[0].wait_class, wait_samples(profile).back().wait);
}

TEST(WakerLedger, LeavesOutWaitsOfWhichNoStackWasTaken) {
  Profile profile = woken();
  for (Wait& wait : profile.waits) wait.stack = {};
  EXPECT_TRUE(waker_ledger(profile, {}).empty());
}

}  // namespace
}  // namespace profiler::view
