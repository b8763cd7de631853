#include "syscalls/call_groups.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "record/proc_file.h"

namespace profiler::syscalls {
namespace {

constexpr Pid kNobody = 0x7ffffff0;  // Above the largest that there can be.

TEST(CallGroups, ReadTheUnifiedGroupsPath) {
  EXPECT_EQ(cgroup_path("0::/user.slice/x\n"), "/user.slice/x");
  EXPECT_EQ(cgroup_path("5:cpu,cpuacct:/a\n0::/b\n"), "/b");
  EXPECT_EQ(cgroup_path("5:cpu,cpuacct:/a\n4:memory:/c\n"), "/a");
  EXPECT_EQ(cgroup_path("0::/with:colon\n"), "/with:colon");
  EXPECT_EQ(cgroup_path(""), "");
  EXPECT_EQ(cgroup_path("nonsense\n:\n"), "");
}

TEST(CallGroups, AskForTheNamesOfThreadsThatRecordsHaveNotNamed) {
  CallGroups threads(SyscallGrouping::kThread);
  EXPECT_EQ(threads.id_of(::getpid(), ::gettid()), ::gettid());
  std::string comm =
      record::read_file("/proc/self/task/" + std::to_string(::gettid()) + "/comm").value_or("");
  comm.pop_back();
  EXPECT_EQ(threads.name(::gettid()), comm + " (" + std::to_string(::gettid()) + ")");
  EXPECT_EQ(threads.id_of(kNobody, kNobody), kNobody);
  EXPECT_EQ(threads.name(kNobody), "thread " + std::to_string(kNobody));
}

TEST(CallGroups, CallAProcessAsItsFirstThread) {
  CallGroups processes(SyscallGrouping::kProcess);
  processes.named(kNobody, kNobody, "server");
  processes.named(kNobody, kNobody + 1, "worker");
  EXPECT_EQ(processes.id_of(kNobody, kNobody + 1), kNobody);
  EXPECT_EQ(processes.name(kNobody), "server (" + std::to_string(kNobody) + ")");
  processes.forked(kNobody + 2, kNobody + 2, kNobody, kNobody + 1);
  EXPECT_EQ(processes.name(kNobody + 2), "server (" + std::to_string(kNobody + 2) + ")");
}

TEST(CallGroups, KeepTheControlGroupOfAProcessThatIsNoMore) {
  CallGroups groups(SyscallGrouping::kCgroup);
  const std::int64_t own = groups.id_of(::getpid(), ::getpid());
  groups.forked(kNobody, kNobody, ::getpid(), ::getpid());
  EXPECT_EQ(groups.id_of(kNobody, kNobody), own);
  const std::int64_t unknown = groups.id_of(kNobody + 1, kNobody + 1);
  EXPECT_NE(unknown, own);
  EXPECT_EQ(groups.name(unknown), "no longer known");
}

TEST(CallGroups, AreAllOneWithoutGrouping) {
  CallGroups none(SyscallGrouping::kNone);
  EXPECT_EQ(none.id_of(::getpid(), ::gettid()), 0);
}

}  // namespace
}  // namespace profiler::syscalls
