#include "record/cgroup.h"

#include <gtest/gtest.h>

namespace profiler::record {
namespace {

TEST(Cgroup, PrefersTheHierarchyOfItsOwnController) {
  EXPECT_EQ(perf_cgroup_mount("cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n"
                              "cgroup /sys/fs/cgroup/perf_event cgroup rw,perf_event 0 0\n"),
            "/sys/fs/cgroup/perf_event");
}

TEST(Cgroup, FallsBackToTheUnifiedHierarchy) {
  EXPECT_EQ(perf_cgroup_mount("tmpfs /sys/fs/cgroup tmpfs rw 0 0\n"
                              "cgroup /sys/fs/cgroup/cpu cgroup rw,cpu 0 0\n"
                              "cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0"),
            "/sys/fs/cgroup/unified");
}

TEST(Cgroup, IsNoneWhereNoneIsMounted) {
  EXPECT_FALSE(perf_cgroup_mount("proc /proc proc rw 0 0\n"));
  EXPECT_FALSE(perf_cgroup_mount(""));
  EXPECT_FALSE(perf_cgroup_mount("cgroup2"));
}

TEST(Cgroup, ReadsItsTimes) {
  const auto times = parse_cpu_stat("usage_usec 30\nuser_usec 20\nsystem_usec 10\nnr_periods 0\n");
  ASSERT_TRUE(times);
  EXPECT_EQ(times->user_ns, 20'000U);
  EXPECT_EQ(times->sys_ns, 10'000U);
  EXPECT_FALSE(parse_cpu_stat("user_usec 20\n"));
  EXPECT_FALSE(parse_cpu_stat("user_usec x\nsystem_usec\n"));
}

TEST(Cgroup, SaysWhichOneDoesNotExist) {
  const auto group = Cgroup::open("no/such/group");
  ASSERT_FALSE(group);
}

}  // namespace
}  // namespace profiler::record
