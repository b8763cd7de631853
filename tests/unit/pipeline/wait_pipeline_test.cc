// What the Pipeline makes of context switches, of samples taken at them and of samples of wakers.
#include <gtest/gtest.h>
#include <linux/perf_event.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "pipeline/pipeline.h"

namespace profiler::pipeline {
namespace {

constexpr Pid kTarget = 1000;
constexpr Tid kWorker = 1001;
constexpr Pid kStranger = 2000;
constexpr std::uint64_t kStart = 1'000'000'000;
constexpr std::uint64_t kMs = 1'000'000;

// Events by id, and their rows.
constexpr std::uint64_t kSideId = 70;
constexpr std::uint64_t kClockId = 71;
constexpr std::uint64_t kLeaverId = 72;
constexpr std::uint64_t kWakerId = 73;
constexpr std::uint16_t kWaitRow = 1;
constexpr std::uint16_t kWakerRow = 2;

constexpr std::uint64_t kEntry = 0xffffffff81000010;
constexpr std::uint64_t kSyscall = 0xffffffff81000110;
constexpr std::uint64_t kFutexWait = 0xffffffff81000210;
constexpr std::uint64_t kSchedule = 0xffffffff81000310;
constexpr std::uint64_t kFutexWake = 0xffffffff81000410;
constexpr std::uint64_t kWakeUp = 0xffffffff81000510;
constexpr std::uint64_t kBpfProgram = 0xffffffffc0000010;
constexpr const char* kKallsyms =
    "ffffffff81000000 T entry_SYSCALL_64_after_hwframe\n"
    "ffffffff81000100 T do_syscall_64\n"
    "ffffffff81000200 T futex_wait\n"
    "ffffffff81000300 T schedule\n"
    "ffffffff81000400 T futex_wake\n"
    "ffffffff81000500 T try_to_wake_up\n"
    "ffffffff81000600 T after\n";
constexpr std::uint64_t kUserAddress = 0x5000;
constexpr std::uint64_t kOtherUserAddress = 0x6000;

class WaitPipeline : public ::testing::Test {
 protected:
  explicit WaitPipeline(bool records = true) {
    if (records) pipeline_.record_waits();
    pipeline_.add_target(kTarget, TargetStart::kNow);
    pipeline_.set_event_id(kClockId, 0);
    pipeline_.set_event_id(kLeaverId, kWaitRow);
    pipeline_.set_event_id(kWakerId, kWakerRow);
    pipeline_.handle(CommEvent{
        .context = at(0, kTarget, kSideId), .pid = kTarget, .tid = kTarget, .name = "prog"});
    pipeline_.handle(ForkEvent{.context = at(0, kTarget, kSideId),
                               .pid = kTarget,
                               .parent_pid = kTarget,
                               .tid = kWorker,
                               .parent_tid = kTarget});
  }

  /// Milliseconds since the start.
  [[nodiscard]] static EventContext at(std::uint64_t ms, Tid tid, std::uint64_t id = 0) {
    return {.time_ns = kStart + ms * kMs,
            .pid = tid == kWorker ? kTarget : tid,
            .tid = tid,
            .cpu = 0,
            .id = id};
  }
  void out(std::uint64_t ms, Tid tid) {
    pipeline_.handle(SwitchEvent{.context = at(ms, tid), .out = true});
  }
  void in(std::uint64_t ms, Tid tid) { pipeline_.handle(SwitchEvent{.context = at(ms, tid)}); }

  void sample(const EventContext& context, std::vector<std::uint64_t> kernel,
              std::uint64_t user = kUserAddress, std::span<const std::byte> raw = {}) {
    kernel.insert(kernel.begin(), PERF_CONTEXT_KERNEL);
    kernel.push_back(PERF_CONTEXT_USER);
    kernel.push_back(user);
    SampleEvent event;
    event.context = context;
    event.mode = CpuMode::kKernel;
    event.period = 1;
    event.callchain = kernel;
    event.raw = raw;
    pipeline_.handle(event);
  }
  /// It is about to leave its CPU.
  void leaver(std::uint64_t ms, Tid tid) {
    sample(at(ms, tid, kLeaverId), {kSchedule, kFutexWait, kSyscall, kEntry});
  }
  /// `tid` wakes `woken`.
  void waker(std::uint64_t ms, Tid tid, Tid woken) {
    std::array<std::byte, 12> raw{};
    std::memcpy(raw.data(), &woken, sizeof woken);
    sample(at(ms, tid, kWakerId), {kBpfProgram, kWakeUp, kFutexWake, kSyscall, kEntry},
           kOtherUserAddress, raw);
  }

  /// At that time, with names and classes.
  const Profile& end(std::uint64_t ms) {
    auto kernel = symbolizer::KernelSymbols::parse(kKallsyms);
    EXPECT_TRUE(kernel);
    pipeline_.end_waits(kStart + ms * kMs);
    pipeline_.finish(&*kernel);
    return pipeline_.profile();
  }

  /// Those in which it was blocked: the time it then waited for a CPU may be another's.
  static std::vector<Wait> blocked(const Profile& profile, Tid tid) {
    std::vector<Wait> waits;
    for (const Wait& wait : profile.waits)
      if (!wait.runnable && profile.threads[wait.thread].tid == tid) waits.push_back(wait);
    return waits;
  }
  static std::uint64_t off_cpu_ns(const Profile& profile, Tid tid) {
    std::uint64_t ns = 0;
    for (const Wait& wait : profile.waits)
      if (profile.threads[wait.thread].tid == tid) ns += wait.ns;
    return ns;
  }

  /// Names of the kernel's frames, innermost first.
  static std::vector<std::string> kernel_names(const Profile& profile, StackIndex stack) {
    std::vector<std::string> names;
    for (NodeIndex at = profile.stacks[stack].kernel; at; at = profile.nodes[at].parent) {
      const FrameName& name = profile.frames[profile.nodes[at].frame].name;
      names.push_back(
          name.count == 0
              ? ""
              : profile.text(profile.functions[profile.locations[name.first].function].name));
    }
    return names;
  }
  static std::uint64_t user_address(const Profile& profile, StackIndex stack) {
    const NodeIndex user = profile.stacks[stack].user;
    return user ? profile.frames[profile.nodes[user].frame].address : 0;
  }

  Pipeline pipeline_{{.start_monotonic_ns = kStart}, nullptr};
};

const std::vector<std::string> kFutexChain = {"schedule", "futex_wait", "do_syscall_64",
                                              "entry_SYSCALL_64_after_hwframe"};

TEST_F(WaitPipeline, MakesASampleOfTheWaitRowTheStackOfTheNextWaitAndNoSample) {
  pipeline_.set_event_role(kWaitRow, EventRole::kWaitStack);
  leaver(10, kTarget);
  out(10, kTarget);
  in(40, kTarget);
  out(50, kTarget);
  in(55, kTarget);
  const Profile& profile = end(60);

  EXPECT_EQ(pipeline_.sample_count(), 0U);
  EXPECT_TRUE(profile.samples.empty());
  const std::vector<Wait> waits = blocked(profile, kTarget);
  ASSERT_EQ(waits.size(), 2U);
  EXPECT_EQ(off_cpu_ns(profile, kTarget), 35 * kMs);
  EXPECT_EQ(waits[0].time_ns, 10 * kMs);
  ASSERT_TRUE(waits[0].stack);
  EXPECT_EQ(kernel_names(profile, waits[0].stack), kFutexChain);
  EXPECT_EQ(user_address(profile, waits[0].stack), kUserAddress);
  EXPECT_EQ(profile.stacks[waits[0].stack].wait, WaitClass::kLock);
  EXPECT_FALSE(waits[1].stack) << "it is of one wait only";
}

TEST_F(WaitPipeline, AThreadThatNamesItselfBeforeItIsSampledIsOneRow) {
  const auto rename = [&](std::uint64_t ms, const char* name) {
    pipeline_.handle(CommEvent{
        .context = at(ms, kWorker, kSideId), .pid = kTarget, .tid = kWorker, .name = name});
  };
  const auto names = [&](const Profile& profile) {
    std::vector<std::string> found;
    for (const Thread& thread : profile.threads)
      if (thread.tid == kWorker) found.push_back(profile.text(thread.name));
    return found;
  };
  in(1, kWorker);
  rename(2, "worker");
  out(3, kWorker);
  EXPECT_EQ(names(pipeline_.profile()), std::vector<std::string>({"worker"}));
  in(4, kWorker);
  sample(at(5, kWorker, kClockId), {kSyscall, kEntry});
  rename(6, "another");
  out(7, kWorker);
  in(9, kWorker);
  const Profile& profile = end(10);
  EXPECT_EQ(names(profile), std::vector<std::string>({"worker", "another"}));
  for (const Wait& wait : profile.waits) {
    if (profile.threads[wait.thread].tid != kWorker) continue;
    const std::string& name = profile.text(profile.threads[wait.thread].name);
    EXPECT_EQ(name, wait.time_ns < 6 * kMs ? "worker" : "another") << wait.time_ns;
  }
}

TEST_F(WaitPipeline, StillTakesSamplesOfOtherRows) {
  pipeline_.set_event_role(kWaitRow, EventRole::kWaitStack);
  sample(at(5, kTarget, kClockId), {kSyscall, kEntry});
  leaver(10, kTarget);
  out(10, kTarget);
  in(40, kTarget);
  const Profile& profile = end(60);
  ASSERT_EQ(profile.samples.size(), 1U);
  EXPECT_EQ(profile.samples[0].event, 0);
  EXPECT_EQ(profile.samples[0].time_ns, 5 * kMs);
}

TEST_F(WaitPipeline, GivesAStackToTheThreadThatLeftAndToNoOther) {
  pipeline_.set_event_role(kWaitRow, EventRole::kWaitStack);
  in(1, kWorker);
  leaver(10, kWorker);
  out(11, kTarget);
  out(12, kWorker);
  in(30, kTarget);
  in(40, kWorker);
  const Profile& profile = end(60);
  ASSERT_EQ(blocked(profile, kTarget).size(), 1U);
  EXPECT_FALSE(blocked(profile, kTarget)[0].stack);
  ASSERT_EQ(blocked(profile, kWorker).size(), 1U);
  EXPECT_TRUE(blocked(profile, kWorker)[0].stack);
}

TEST_F(WaitPipeline, LeavesOutTheBpfProgramThatSentTheSample) {
  pipeline_.set_event_role(kWaitRow, EventRole::kBpfWaitStack);
  sample(at(10, kTarget, kLeaverId), {kBpfProgram, kSchedule, kFutexWait, kSyscall, kEntry});
  out(10, kTarget);
  in(40, kTarget);
  const Profile& profile = end(60);
  const std::vector<Wait> waits = blocked(profile, kTarget);
  ASSERT_EQ(waits.size(), 1U);
  ASSERT_TRUE(waits[0].stack);
  EXPECT_EQ(kernel_names(profile, waits[0].stack), kFutexChain);
}

TEST_F(WaitPipeline, NamesTheWakerByItsSample) {
  pipeline_.set_event_role(kWaitRow, EventRole::kWaitStack);
  pipeline_.set_event_role(kWakerRow, EventRole::kBpfWaker);
  in(1, kWorker);
  leaver(10, kTarget);
  out(10, kTarget);
  waker(39, kWorker, kTarget);
  in(40, kTarget);
  out(50, kTarget);
  in(55, kTarget);
  const Profile& profile = end(60);

  EXPECT_TRUE(profile.samples.empty());
  const std::vector<Wait> waits = blocked(profile, kTarget);
  ASSERT_EQ(waits.size(), 2U);
  EXPECT_EQ(off_cpu_ns(profile, kTarget), 35 * kMs);
  ASSERT_TRUE(waits[0].waker);
  const std::vector<std::string> chain = {"try_to_wake_up", "futex_wake", "do_syscall_64",
                                          "entry_SYSCALL_64_after_hwframe"};
  EXPECT_EQ(kernel_names(profile, waits[0].waker), chain);
  EXPECT_EQ(user_address(profile, waits[0].waker), kOtherUserAddress);
  EXPECT_TRUE(waits[0].stack);
  EXPECT_NE(waits[0].stack, waits[0].waker);
  EXPECT_FALSE(waits[1].waker) << "it ended one wait only";
  EXPECT_TRUE(blocked(profile, kWorker).empty());
}

TEST_F(WaitPipeline, NamesAWakerOfAnotherProcessByTheKernelsPart) {
  pipeline_.set_event_role(kWaitRow, EventRole::kWaitStack);
  pipeline_.set_event_role(kWakerRow, EventRole::kBpfWaker);
  leaver(10, kTarget);
  out(10, kTarget);
  waker(39, kStranger, kTarget);
  in(40, kTarget);
  const Profile& profile = end(60);
  const std::vector<Wait> waits = blocked(profile, kTarget);
  ASSERT_EQ(waits.size(), 1U);
  ASSERT_TRUE(waits[0].waker);
  EXPECT_EQ(kernel_names(profile, waits[0].waker).front(), "try_to_wake_up");
  for (const Thread& thread : profile.threads) EXPECT_NE(thread.tid, kStranger);
}

TEST_F(WaitPipeline, IgnoresWakersOfThreadsThatItDoesNotKnow) {
  pipeline_.set_event_role(kWaitRow, EventRole::kWaitStack);
  pipeline_.set_event_role(kWakerRow, EventRole::kBpfWaker);
  leaver(10, kTarget);
  out(10, kTarget);
  waker(20, kWorker, kStranger);
  const std::array<std::byte, 2> cut_off{};
  sample(at(21, kWorker, kWakerId), {kBpfProgram, kWakeUp}, kOtherUserAddress, cut_off);
  in(40, kTarget);
  const Profile& profile = end(60);
  ASSERT_EQ(blocked(profile, kTarget).size(), 1U);
  EXPECT_FALSE(blocked(profile, kTarget)[0].waker);
  EXPECT_TRUE(profile.samples.empty());
}

TEST_F(WaitPipeline, IgnoresSwitchesAndStacksOfStrangersAndOfTheIdleTask) {
  pipeline_.set_event_role(kWaitRow, EventRole::kWaitStack);
  in(1, kWorker);
  leaver(10, kStranger);
  out(10, kStranger);
  in(40, kStranger);
  out(10, 0);
  in(40, 0);
  out(10, -1);  // Of a thread that is dead.
  const Profile& profile = end(60);
  ASSERT_EQ(profile.waits.size(), 1U) << "the worker's, until it first ran";
  EXPECT_EQ(off_cpu_ns(profile, kWorker), kMs);
  // Of the target's two threads, and nobody else's.
  EXPECT_EQ(profile.threads.size(), 2U);
  EXPECT_EQ(profile.schedules.size(), 2U);
  EXPECT_TRUE(profile.stacks.empty());
}

TEST_F(WaitPipeline, GivesStacksToWaitsOfProcessesThatTheTargetForked) {
  constexpr Pid kChild = 1500;
  pipeline_.set_event_role(kWaitRow, EventRole::kWaitStack);
  pipeline_.handle(ForkEvent{.context = at(5, kTarget, kSideId),
                             .pid = kChild,
                             .parent_pid = kTarget,
                             .tid = kChild,
                             .parent_tid = kTarget});
  in(6, kChild);
  leaver(10, kChild);
  out(10, kChild);
  in(40, kChild);
  const Profile& profile = end(60);
  ASSERT_EQ(blocked(profile, kChild).size(), 1U);
  EXPECT_TRUE(blocked(profile, kChild)[0].stack);
}

// Made up from /proc: such records have no event's id.
TEST_F(WaitPipeline, TakesAThreadThatWasThereBeforeToHaveBeenBlockedUntilItRan) {
  constexpr Pid kBefore = 1500;
  pipeline_.add_target(kBefore, TargetStart::kNow);
  pipeline_.handle(
      CommEvent{.context = at(0, kBefore), .pid = kBefore, .tid = kBefore, .name = "before"});
  in(30, kBefore);
  const Profile& profile = end(60);
  ASSERT_EQ(blocked(profile, kBefore).size(), 1U);
  EXPECT_EQ(blocked(profile, kBefore)[0].ns, 30 * kMs);
  EXPECT_FALSE(blocked(profile, kBefore)[0].stack);
}

class WithoutWaits : public WaitPipeline {
 protected:
  WithoutWaits() : WaitPipeline(false) {}
};

TEST_F(WithoutWaits, SwitchesAreOfNoInterest) {
  out(10, kTarget);
  in(40, kTarget);
  const Profile& profile = end(60);
  EXPECT_TRUE(profile.waits.empty());
  EXPECT_TRUE(profile.schedules.empty());
}

}  // namespace
}  // namespace profiler::pipeline
