#include "view/sys_ledger.h"

#include <gtest/gtest.h>

#include "tests/support/profile_builder.h"
#include "view/filter.h"

namespace profiler::view {
namespace {

using test::Entry;
using test::ProfileBuilder;

constexpr std::uint64_t kMs = 1'000'000;

SysLedger ledger(const Profile& profile) { return sys_ledger(profile, select(profile, {})); }

/// Each kind of sample once, with a number of its own.
ProfileBuilder with_everything() {
  using enum KernelEntryKind;
  ProfileBuilder builder;
  builder.counted({.name = "read", .cpu_ns = 30 * kMs, .durations = {{1000, 5}}})
      .counted({.name = "brk", .cpu_ns = 20 * kMs, .durations = {{1000, 6}}})
      .counted({.name = "execve", .cpu_ns = 2 * kMs, .durations = {{1000, 1}}})
      .counted({.name = "exit_group", .cpu_ns = 3 * kMs, .calls = 1})
      .user("main", 40)
      .sys("main", "e", test::syscall("read"), 9)
      .sys("main", "e", test::fault("file"), test::syscall("read"), 4)
      .sys("main", "e", test::fault("file"), test::syscall("execve"), 1)
      .sys("main", "e", test::fault("anonymous"), 7)
      .sys("main", "e", test::irq("apic_timer_interrupt"), 2)
      .sys("main", "e", test::irq("apic_timer_interrupt"), test::fault("anonymous"), 1)
      .sys("main", "e", Entry{kSoftirq, "timer"}, 3)
      .sys("main", "e", Entry{kException, "debug"}, 1)
      .sys("main", "e", Entry{kScheduler, ""}, 1)
      .sys("", "e", Entry{kKthread, ""}, 1)
      .sys("main", "e", Entry{kOther, ""}, 1);
  builder.account().user_minor_faults = 123;
  return builder;
}

TEST(SysLedger, HasEachSampleInOneLineAtMost) {
  ProfileBuilder builder = with_everything();
  builder.charged(200 * kMs, 40 * kMs, 75 * kMs);
  const SysLedger l = ledger(builder.build());
  EXPECT_EQ(l.syscalls_ns, 50 * kMs);
  EXPECT_EQ(l.syscall_count, 11U);
  EXPECT_EQ(l.faults_in_syscalls_ns, 4 * kMs);
  EXPECT_EQ(l.faults_ns, 8 * kMs);
  EXPECT_EQ(l.minor_faults, 123U);
  EXPECT_FALSE(l.major_faults);
  EXPECT_EQ(l.interrupts_ns, 5 * kMs);
  EXPECT_EQ(l.exec_exit_ns, 5 * kMs);
  EXPECT_EQ(l.exec_exit_calls, 2U);
  EXPECT_EQ(l.other_ns, 3 * kMs);
  EXPECT_EQ(l.charged_ns, 75 * kMs);
  EXPECT_EQ(l.unattributed_ns, static_cast<std::int64_t>((75 - 50 - 8 - 5 - 5 - 3) * kMs));
}

TEST(SysLedger, UnattributedMayBeNegative) {
  ProfileBuilder builder = with_everything();
  builder.charged(200 * kMs, 40 * kMs, 70 * kMs);
  EXPECT_EQ(ledger(builder.build()).unattributed_ns, -static_cast<std::int64_t>(kMs));
}

// The clock of a call runs from its first instruction in the kernel's C code to the last; samples
// also see what lies before and behind.
TEST(SysLedger, EnteringCallsIsWhatSamplesSawOfThemBeyondTheirTime) {
  ProfileBuilder builder;
  builder.counted({.name = "read", .cpu_ns = 30 * kMs, .durations = {{1000, 5}}})
      .sys("main", "e", test::syscall("read"), 44)
      .sys("main", "e", test::syscall("execve"), 7)
      .charged(200 * kMs, 40 * kMs, 50 * kMs);
  const SysLedger l = ledger(builder.build());
  EXPECT_EQ(l.unattributed_ns, static_cast<std::int64_t>(20 * kMs));
  EXPECT_EQ(l.entering_ns, 14 * kMs);
  builder.charged(200 * kMs, 40 * kMs, 35 * kMs);
  EXPECT_EQ(ledger(builder.build()).entering_ns, 5 * kMs) << "a part of the rest only";
  builder.charged(200 * kMs, 40 * kMs, 30 * kMs);
  EXPECT_FALSE(ledger(builder.build()).entering_ns);
}

TEST(SysLedger, WithoutAChargeThereIsNoRest) {
  const SysLedger l = ledger(with_everything().build());
  EXPECT_FALSE(l.charged_ns);
  EXPECT_FALSE(l.unattributed_ns);
}

TEST(SysLedger, InterruptsThatNobodyCouldSeeAreUnknown) {
  const auto of = [](const char* event, const char* unit) {
    ProfileBuilder builder;
    builder.event(event, unit).user("main", 3).sys("main", "e", test::syscall("read"), 2);
    return ledger(builder.build());
  };
  EXPECT_FALSE(of("cpu-clock", "ns").interrupts_ns);
  EXPECT_TRUE(of("cpu-clock", "ns").faults_ns);
  EXPECT_EQ(of("cycles", "ns").interrupts_ns, 0U);
  // Counts of another event are no time.
  EXPECT_FALSE(of("page-faults", "faults").faults_ns);
  EXPECT_FALSE(of("page-faults", "faults").interrupts_ns);
}

TEST(SysLedger, WithoutSamplesOfTheKernelOnlyWhatWasCountedIsKnown) {
  ProfileBuilder builder;
  builder.counted({.name = "read", .cpu_ns = 30 * kMs, .durations = {{1000, 5}}})
      .user("main", 4)
      .charged(9 * kMs, kMs, 32 * kMs);
  builder.run().kernel_sampled = false;
  const SysLedger l = ledger(builder.build());
  EXPECT_EQ(l.syscalls_ns, 30 * kMs);
  EXPECT_FALSE(l.faults_ns);
  EXPECT_FALSE(l.faults_in_syscalls_ns);
  EXPECT_FALSE(l.other_ns);
  EXPECT_EQ(l.unattributed_ns, static_cast<std::int64_t>(2 * kMs));
}

TEST(SysLedger, ThreadsEndedByOthersAreCountedOrSampledButNotBoth) {
  using enum KernelEntryKind;
  ProfileBuilder builder;
  builder.counted({.name = "exit_group", .cpu_ns = 2 * kMs, .calls = 1})
      .sys("main", "e", Entry{kExecExit, "exit"}, 4)
      .sys("main", "e", Entry{kExecExit, "exit"}, test::irq("reschedule"), 1);
  EXPECT_EQ(ledger(builder.build()).exec_exit_ns, 7 * kMs);
  EXPECT_FALSE(ledger(builder.build()).interrupts_ns);
  builder.account().killed_cpu_ns = 6 * kMs;
  EXPECT_EQ(ledger(builder.build()).exec_exit_ns, 8 * kMs);
}

}  // namespace
}  // namespace profiler::view
