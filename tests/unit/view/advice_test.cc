#include "view/advice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <vector>

#include "tests/support/profile_builder.h"
#include "view/filter.h"

namespace profiler::view {
namespace {

using test::CountedCall;
using test::ProfileBuilder;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::uint64_t kMs = 1'000'000;

std::vector<Advice> advice_of(const Profile& profile) {
  return advice(profile, select(profile, {}));
}

std::vector<std::string> rules_of(const Profile& profile) {
  std::vector<std::string> rules;
  for (const Advice& piece : advice_of(profile)) rules.emplace_back(piece.rule);
  return rules;
}

/// A second of CPU time, 600 ms of it in user mode, and one counted call.
Profile with_call(const CountedCall& call) {
  ProfileBuilder builder;
  builder.user("main", 600).charged(1'000 * kMs, 600 * kMs, 400 * kMs).counted(call);
  return builder.build();
}

TEST(Advice, AHeapThatIsGivenBackHasFaultsAndBrk) {
  const auto heap = [](std::uint64_t brk, std::uint64_t faults, const char* kind = "anonymous") {
    ProfileBuilder builder;
    builder.function("Arena::grow", {.file = "src/arena.cc", .line = 30})
        .user("main", 1000 - brk - faults)
        .sys("main;Arena::grow#41;brk@libc.so.6", "e", test::syscall("brk"), brk)
        .sys("main;Arena::grow#44", "e", test::fault(kind), faults);
    return builder.build();
  };
  const std::vector<Advice> found = advice_of(heap(100, 610));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].rule, "heap-trim");
  EXPECT_DOUBLE_EQ(found[0].share, 0.71);
  EXPECT_EQ(found[0].caller.function, "Arena::grow");
  EXPECT_EQ(found[0].caller.line, 44U);
  EXPECT_THAT(std::string(found[0].remedy), HasSubstr("MALLOC_TRIM_THRESHOLD_"));
  EXPECT_THAT(rules_of(heap(100, 90)), IsEmpty()) << "19 %";
  // A heap that only ever grows costs nothing in brk.
  EXPECT_THAT(rules_of(heap(5, 500)), ElementsAre("new-memory"));
  EXPECT_THAT(rules_of(heap(5, 190)), IsEmpty());
  // Files are not memory that was given back.
  EXPECT_THAT(rules_of(heap(5, 500, "file")), IsEmpty());
}

TEST(Advice, BlocksThatAreMappedAgainAndAgainHaveFaultsAndMunmap) {
  ProfileBuilder builder;
  builder.user("main", 500)
      .sys("main;f;munmap@libc.so.6", "e", test::syscall("munmap"), 100)
      .sys("main;f", "e", test::fault("anonymous"), 400);
  EXPECT_THAT(rules_of(builder.build()), ElementsAre("heap-map"));
}

TEST(Advice, NeedsSamplesEnoughToBelieveIn) {
  ProfileBuilder builder;
  builder.user("main", 5).sys("main", "e", test::syscall("futex"), 29);
  EXPECT_THAT(rules_of(builder.build()), IsEmpty());
  builder.sys("main", "e", test::syscall("futex"), 1);
  EXPECT_THAT(rules_of(builder.build()), ElementsAre("lock-contention"));
}

TEST(Advice, SharesAreOfWhatTheKernelCharged) {
  ProfileBuilder builder;
  builder.user("main", 100).sys("main", "e", test::syscall("futex"), 100);
  EXPECT_THAT(rules_of(builder.build()), ElementsAre("lock-contention"));
  builder.charged(5'000 * kMs, 400 * kMs, 200 * kMs);
  EXPECT_THAT(rules_of(builder.build()), IsEmpty()) << "a sixth";
}

TEST(Advice, SmallTransfersNeedCountsToBeKnownAsSmall) {
  const auto reads = [](std::uint64_t bytes, std::uint64_t calls, std::uint64_t cpu_ms = 300) {
    return with_call({.name = "read",
                      .cpu_ns = cpu_ms * kMs,
                      .durations = {{1'000, calls}},
                      .returned = bytes * calls});
  };
  const std::vector<Advice> found = advice_of(reads(17, 100'000));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].rule, "small-transfers");
  EXPECT_EQ(found[0].evidence, "17 bytes a call");
  EXPECT_THAT(rules_of(reads(4096, 100'000)), IsEmpty());
  EXPECT_THAT(rules_of(reads(17, 999)), IsEmpty()) << "few calls";
  EXPECT_THAT(rules_of(reads(17, 100'000, 190)), IsEmpty()) << "19 %";
  ProfileBuilder sampled;
  sampled.user("main", 100).sys("main", "e", test::syscall("read"), 900);
  EXPECT_THAT(rules_of(sampled.build()), IsEmpty()) << "nobody knows how small";
}

TEST(Advice, FlushingIsJudgedByTheTimeItWaits) {
  const auto flushes = [](std::uint64_t ns, std::uint64_t calls) {
    return with_call({.name = "fsync", .cpu_ns = kMs, .durations = {{ns, calls}}});
  };
  const std::vector<Advice> found = advice_of(flushes(5 * kMs, 100));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].rule, "flushing");
  EXPECT_TRUE(found[0].of_real_time);
  EXPECT_DOUBLE_EQ(found[0].share, 0.5);
  EXPECT_THAT(rules_of(flushes(kMs, 100)), IsEmpty()) << "a tenth of the time";
  EXPECT_THAT(rules_of(flushes(500 * kMs, 1)), IsEmpty()) << "not in a loop";
}

TEST(Advice, PollingComesBackAtOnceWithNothing) {
  const auto polls = [](std::uint64_t ns, std::uint64_t ready) {
    return with_call({.name = "epoll_wait",
                      .cpu_ns = 300 * kMs,
                      .durations = {{ns, 100'000}},
                      .returned = ready});
  };
  EXPECT_THAT(rules_of(polls(700, 12)), ElementsAre("polling"));
  EXPECT_THAT(rules_of(polls(700, 100'000)), IsEmpty()) << "there was something each time";
  EXPECT_THAT(rules_of(polls(1'000'000, 12)), IsEmpty()) << "it waits";
}

TEST(Advice, LookupsThatFailNeedErrorsToBeKnown) {
  const auto lookups = [](std::uint64_t not_found) {
    return with_call({.name = "openat",
                      .cpu_ns = 300 * kMs,
                      .durations = {{3'000, 10'000}},
                      .errors = {{ENOENT, not_found}, {EACCES, 100}}});
  };
  const std::vector<Advice> found = advice_of(lookups(9'000));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].rule, "failing-lookups");
  EXPECT_EQ(found[0].evidence, "90 % of them found nothing");
  EXPECT_THAT(rules_of(lookups(4'000)), IsEmpty());
}

TEST(Advice, AStormOfProcessesIsNotOneThatEnds) {
  const auto processes = [](std::uint64_t clones, std::uint64_t exits) {
    ProfileBuilder builder;
    builder.user("main", 1000 - clones - exits)
        .sys("main;spawn", "e", test::syscall("clone"), clones)
        .sys("main", "e", test::syscall("exit_group"), exits);
    return builder.build();
  };
  EXPECT_THAT(rules_of(processes(150, 150)), ElementsAre("process-storm"));
  EXPECT_THAT(rules_of(processes(10, 600)), IsEmpty()) << "one large process ended";
}

TEST(Advice, CountedTimeTakesThePlaceOfSamples) {
  ProfileBuilder builder;
  builder.user("main", 600)
      .sys("main;lock#7", "e", test::syscall("futex"), 400)
      .counted({.name = "futex", .cpu_ns = 100 * kMs, .durations = {{1'000, 5}}});
  EXPECT_THAT(rules_of(builder.build()), IsEmpty()) << "a tenth, exactly";
}

TEST(Advice, OfAnEventThatIsNoTimeIsNone) {
  ProfileBuilder builder;
  builder.event("page-faults", "faults")
      .user("main", 10)
      .sys("main", "e", test::syscall("futex"), 400);
  EXPECT_THAT(rules_of(builder.build()), IsEmpty());
}

}  // namespace
}  // namespace profiler::view
