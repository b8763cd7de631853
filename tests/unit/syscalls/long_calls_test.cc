#include "syscalls/long_calls.h"

#include <gtest/gtest.h>

namespace profiler::syscalls {
namespace {

constexpr CallKey kRead{.number = 0};
constexpr CallKey kPoll{.number = 7};

TEST(LongCalls, FindTheOneThatReturnedAtThatTime) {
  LongCalls calls;
  calls.add(10, kRead, 1'000'000, {.wall_ns = 50'000, .cpu_ns = 10'000});
  calls.add(10, kRead, 2'000'000, {.wall_ns = 60'000, .cpu_ns = 20'000});
  calls.add(20, kRead, 2'000'100, {.wall_ns = 70'000, .cpu_ns = 30'000});
  for (const std::uint64_t time : {1'999'500, 2'000'000, 2'000'300}) {
    const auto found = calls.find(10, kRead, time);
    ASSERT_TRUE(found) << time;
    EXPECT_EQ(found->cpu_ns, 20'000U);
  }
  EXPECT_EQ(calls.find(10, kRead, 1'000'200)->wall_ns, 50'000U);
  EXPECT_EQ(calls.find(20, kRead, 2'000'300)->wall_ns, 70'000U);
}

TEST(LongCalls, FindNoneInPlaceOfAShortOne) {
  LongCalls calls;
  EXPECT_FALSE(calls.find(10, kRead, 1'000'000));
  calls.add(10, kRead, 1'000'000, {.wall_ns = 50'000, .cpu_ns = 10'000});
  EXPECT_FALSE(calls.find(10, kRead, 998'000));
  EXPECT_FALSE(calls.find(10, kRead, 1'002'000));
  EXPECT_FALSE(calls.find(10, kPoll, 1'000'000));
  EXPECT_FALSE(calls.find(11, kRead, 1'000'000));
}

TEST(LongCalls, ForgetWhatIsSecondsOld) {
  LongCalls calls;
  calls.add(10, kRead, 1'000'000, {.wall_ns = 50'000});
  calls.add(20, kRead, 9'000'000'000, {.wall_ns = 50'000});
  calls.add(20, kRead, 9'000'100'000, {.wall_ns = 50'000});
  EXPECT_FALSE(calls.find(10, kRead, 1'000'000));
  EXPECT_TRUE(calls.find(20, kRead, 9'000'000'000));
}

TEST(LongCalls, KnowWhatIsTypicalOfTheOthers) {
  LongCalls calls;
  calls.add(10, kRead, 1'000'000, {.wall_ns = 50'000, .cpu_ns = 10'000});
  calls.add(11, kRead, 1'000'000, {.wall_ns = 50'000, .cpu_ns = 10'000});
  SyscallRow row;
  row.calls = 12;
  row.wall_ns = 103'000;
  row.cpu_ns = 22'000;
  EXPECT_EQ(calls.typical_short(row).wall_ns, 300U);
  EXPECT_EQ(calls.typical_short(row).cpu_ns, 200U);
  row.calls = 2;
  EXPECT_EQ(calls.typical_short(row).wall_ns, 0U);
  row.number = 7;
  row.calls = 103;
  EXPECT_EQ(calls.typical_short(row).wall_ns, 1000U);
}

}  // namespace
}  // namespace profiler::syscalls
