#include "record/proc_stat.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

namespace profiler::record {
namespace {

TEST(ProcStat, ReadsTimesBehindANameWithBracketsAndSpaces) {
  const auto stat = parse_proc_stat(
      "42 (a) Z (b) c) S 7 42 42 0 -1 4194304 100 0 0 0 11 22 33 44 20 0 1 0 100 5 6\n", 10);
  ASSERT_TRUE(stat);
  EXPECT_EQ(stat->state, 'S');
  EXPECT_EQ(stat->parent, 7);
  EXPECT_EQ(stat->user_ns, 110U);
  EXPECT_EQ(stat->sys_ns, 220U);
  EXPECT_EQ(stat->reaped_user_ns, 330U);
  EXPECT_EQ(stat->reaped_sys_ns, 440U);
  EXPECT_FALSE(stat->ended());
}

TEST(ProcStat, RefusesACutLineAtEveryLength) {
  const std::string_view line = "42 (x) S 7 42 42 0 -1 4194304 100 0 0 0 11 22 33 44";
  for (std::size_t size = 0; size + 2 < line.size(); ++size) {
    EXPECT_FALSE(parse_proc_stat(line.substr(0, size), 10)) << size;
  }
}

TEST(ProcStat, KnowsAZombie) {
  const auto stat = parse_proc_stat("1 (x) Z 7 1 1 0 -1 0 0 0 0 0 1 2 3 4 0", 10);
  ASSERT_TRUE(stat);
  EXPECT_TRUE(stat->ended());
}

TEST(ProcStat, AgreesWithTheKernelAboutOurselves) {
  const auto stat = read_proc_stat(::getpid());
  ASSERT_TRUE(stat);
  EXPECT_EQ(stat->parent, ::getppid());
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto exact = static_cast<std::uint64_t>(usage.ru_utime.tv_sec) * 1'000'000'000 +
                     static_cast<std::uint64_t>(usage.ru_utime.tv_usec) * 1000;
  EXPECT_LE(stat->user_ns, exact + 20'000'000);
}

TEST(ProcStat, IsNoneForNoProcess) {
  EXPECT_FALSE(read_proc_stat(0x7ffffffe));
  EXPECT_FALSE(read_thread_stat(0x7ffffffe));
}

TEST(ProcStat, ReadsTheMachinesTimes) {
  const auto times = read_machine_times();
  ASSERT_TRUE(times);
  EXPECT_GT(times->user_ns, 0U);
  EXPECT_GT(times->sys_ns, 0U);
}

}  // namespace
}  // namespace profiler::record
