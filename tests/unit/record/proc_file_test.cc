#include "record/proc_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

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

TEST(ProcFile, IsNoneWhereThereIsNoFile) {
  EXPECT_FALSE(read_file("/proc/self/no-such-file"));
  EXPECT_FALSE(read_number("/proc/self/comm"));
  EXPECT_TRUE(numeric_entries("/no/such/directory").empty());
}

TEST(ProcFile, ListsProcesses) { EXPECT_THAT(numeric_entries("/proc"), Contains(::getpid())); }

}  // namespace
}  // namespace profiler::record
