#include "record/proc_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <filesystem>

#include "tests/support/temporary_directory.h"

namespace profiler::record {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

TEST(CpuList, ReadsRangesAndSingleNumbers) {
  EXPECT_THAT(*parse_cpu_list("0-3,8,10-11\n"), ElementsAre(0, 1, 2, 3, 8, 10, 11));
  EXPECT_THAT(*parse_cpu_list("0"), ElementsAre(0));
  EXPECT_THAT(*parse_cpu_list("3,1,1-2"), ElementsAre(1, 2, 3));
  EXPECT_TRUE(parse_cpu_list("")->empty());
}

TEST(CpuList, RefusesWhatIsNone) {
  for (const char* text : {"a", "1-", "-1", "1,,2", "1,", "3-1", "0-99999999", "1 2", "0x1"}) {
    EXPECT_FALSE(parse_cpu_list(text)) << text;
  }
}

TEST(CpuList, AgreesWithTheSystemsCount) {
  EXPECT_EQ(online_cpus().size(), static_cast<std::size_t>(::sysconf(_SC_NPROCESSORS_ONLN)));
}

class OnlineCpus : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(directory_.file("sys/devices/system/cpu"));
    std::filesystem::create_directories(directory_.file("proc"));
  }
  test::TemporaryDirectory directory_;
};

TEST_F(OnlineCpus, AreThoseOfSysfs) {
  test::write_bytes(directory_.file("sys/devices/system/cpu/online"), "0-2,5\n");
  test::write_bytes(directory_.file("proc/stat"), "cpu 1\ncpu0 1\n");
  EXPECT_THAT(online_cpus(directory_.path()), ElementsAre(0, 1, 2, 5));
}

TEST_F(OnlineCpus, AreThoseOfProcStatWhereThereIsNoSysfs) {
  test::write_bytes(directory_.file("proc/stat"),
                    "cpu  10 0 20\ncpu0 5 0 10\ncpu3 5 0 10\ncpu12 0 0 0\nintr 7 0\ncpu9 1\n");
  EXPECT_THAT(online_cpus(directory_.path()), ElementsAre(0, 3, 12));
  test::write_bytes(directory_.file("sys/devices/system/cpu/online"), "");
  EXPECT_THAT(online_cpus(directory_.path()), ElementsAre(0, 3, 12));
}

TEST_F(OnlineCpus, AreThoseAllowedToUsWhereNobodySays) {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  ASSERT_EQ(::sched_getaffinity(0, sizeof allowed, &allowed), 0);
  for (const char* stat : {"", "cpu", "cpu\n", "cpux\n", "intr 7\n"}) {
    test::write_bytes(directory_.file("proc/stat"), stat);
    EXPECT_EQ(online_cpus(directory_.path()).size(), static_cast<std::size_t>(CPU_COUNT(&allowed)))
        << stat;
  }
}

TEST(ProcFile, IsNoneWhereThereIsNoFile) {
  EXPECT_FALSE(read_file("/proc/self/no-such-file"));
  EXPECT_FALSE(read_number("/proc/self/comm"));
  EXPECT_TRUE(numeric_entries("/no/such/directory").empty());
}

TEST(ProcFile, ListsProcesses) { EXPECT_THAT(numeric_entries("/proc"), Contains(::getpid())); }

}  // namespace
}  // namespace profiler::record
