#include "process/process_table.h"

#include <gtest/gtest.h>

namespace profiler::process {
namespace {

Mapping code(std::uint64_t start, std::uint32_t module) {
  return {.start = RuntimeAddress(start),
          .end = RuntimeAddress(start + 0x1000),
          .module = ModuleIndex(module),
          .bias = start};
}

ForkEvent fork(Pid parent, Tid creator, Pid child) {
  return {.context = {}, .pid = child, .parent_pid = parent, .tid = child, .parent_tid = creator};
}
ForkEvent clone_thread(Pid pid, Tid creator, Tid tid) {
  return {.context = {}, .pid = pid, .parent_pid = pid, .tid = tid, .parent_tid = creator};
}
CommEvent exec(Pid pid, Tid tid, std::string_view name) {
  return {.context = {}, .pid = pid, .tid = tid, .exec = true, .name = name};
}
CommEvent rename(Pid pid, Tid tid, std::string_view name) {
  return {.context = {}, .pid = pid, .tid = tid, .exec = false, .name = name};
}
ExitEvent exit(Pid pid, Tid tid) {
  return {.context = {}, .pid = pid, .parent_pid = 1, .tid = tid, .parent_tid = 1};
}

/// As the caller does when a sample comes: every state it sees gets a row.
class Rows {
 public:
  explicit Rows(ProcessTable& table) : table_(table) {}
  ThreadIndex sample(Pid pid, Tid tid) {
    ProcessState& process = table_.process(pid);
    if (!process.row) process.row = ProcessIndex(next_++);
    ThreadState& thread = table_.thread(pid, tid);
    if (!thread.row) thread.row = ThreadIndex(next_++);
    return thread.row;
  }

 private:
  ProcessTable& table_;
  std::size_t next_ = 0;
};

TEST(ProcessTable, GivesAForkedProcessItsParentsMappingsNameAndTarget) {
  ProcessTable table;
  table.apply(exec(100, 100, "make"));
  table.process(100).space.map(code(0x1000, 1));
  table.process(100).target = true;
  ProcessState& child = table.apply(fork(100, 100, 101));
  EXPECT_EQ(child.pid, 101);
  EXPECT_EQ(child.parent_pid, 100);
  EXPECT_EQ(child.name, "make");
  EXPECT_TRUE(child.target);
  ASSERT_NE(child.space.find(RuntimeAddress(0x1001)), nullptr);
  EXPECT_EQ(table.thread(101, 101).name, "make");
  child.space.map(code(0x1000, 2));
  EXPECT_EQ(table.process(100).space.find(RuntimeAddress(0x1001))->module.row(), 1U);
}

TEST(ProcessTable, GivesAProcessForkedByAThreadThatThreadsName) {
  ProcessTable table;
  table.apply(exec(100, 100, "server"));
  table.apply(clone_thread(100, 100, 105));
  table.apply(rename(100, 105, "spawner"));
  EXPECT_EQ(table.apply(fork(100, 105, 110)).name, "spawner");
}

TEST(ProcessTable, StartsAnewAtExec) {
  ProcessTable table;
  Rows rows(table);
  table.apply(exec(100, 100, "sh"));
  table.process(100).space.map(code(0x1000, 1));
  table.apply(clone_thread(100, 100, 101));
  const ThreadIndex before = rows.sample(100, 100);
  rows.sample(100, 101);
  ProcessState& process = table.apply(exec(100, 100, "prog"));
  EXPECT_EQ(process.name, "prog");
  EXPECT_EQ(process.execs, 2U);
  EXPECT_FALSE(process.row);
  EXPECT_TRUE(process.space.mappings().empty());
  EXPECT_EQ(process.threads.size(), 1U) << "exec ends the other threads";
  EXPECT_NE(rows.sample(100, 100), before);
  EXPECT_EQ(table.thread(100, 100).name, "prog");
}

TEST(ProcessTable, KeepsTheTargetAcrossExec) {
  ProcessTable table;
  table.process(100).target = true;
  EXPECT_TRUE(table.apply(exec(100, 100, "a")).target);
}

// The kernel gives a thread that calls exec the id of the leader, which it has ended before.
TEST(ProcessTable, FollowsAnExecByAnotherThreadThanTheFirst) {
  ProcessTable table;
  table.apply(exec(100, 100, "a"));
  table.apply(clone_thread(100, 100, 101));
  table.apply(exit(100, 100));
  ProcessState& process = table.apply(exec(100, 100, "b"));
  EXPECT_EQ(process.live_threads(), 1U);
  EXPECT_FALSE(table.thread(100, 100).exited);
  EXPECT_EQ(table.thread(100, 100).name, "b");
}

TEST(ProcessTable, GivesARenamedThreadANewRowAndLeavesTheProcess) {
  ProcessTable table;
  Rows rows(table);
  table.apply(exec(100, 100, "prog"));
  table.apply(clone_thread(100, 100, 101));
  EXPECT_EQ(table.thread(100, 101).name, "prog");
  const ThreadIndex before = rows.sample(100, 101);
  const ProcessIndex process = table.process(100).row;
  table.apply(rename(100, 101, "worker"));
  EXPECT_NE(rows.sample(100, 101), before);
  EXPECT_EQ(table.process(100).name, "prog");
  const ThreadIndex named = rows.sample(100, 101);
  table.apply(rename(100, 101, "worker"));
  EXPECT_EQ(rows.sample(100, 101), named) << "the same name again is no change";
  table.apply(rename(100, 100, "main"));
  EXPECT_EQ(table.process(100).name, "main");
  EXPECT_EQ(table.process(100).row, process);
  EXPECT_EQ(table.process(100).execs, 1U);
}

TEST(ProcessTable, TakesAReusedPidForAnotherProcess) {
  ProcessTable table;
  Rows rows(table);
  table.apply(fork(1, 1, 100));
  table.apply(exec(100, 100, "old"));
  table.process(100).space.map(code(0x1000, 1));
  const ThreadIndex before = rows.sample(100, 100);
  table.apply(exit(100, 100));
  const ProcessState& again = table.apply(fork(2, 2, 100));
  EXPECT_TRUE(again.space.mappings().empty());
  EXPECT_EQ(again.parent_pid, 2);
  EXPECT_EQ(again.execs, 0U);
  EXPECT_NE(again.name, "old");
  EXPECT_NE(rows.sample(100, 100), before);
}

TEST(ProcessTable, TakesAReusedPidForAnotherProcessEvenWhenTheExitWasLost) {
  ProcessTable table;
  table.apply(exec(100, 100, "old"));
  table.process(100).space.map(code(0x1000, 1));
  EXPECT_TRUE(table.apply(fork(2, 2, 100)).space.mappings().empty());
}

TEST(ProcessTable, TakesAReusedThreadIdForAnotherThread) {
  ProcessTable table;
  Rows rows(table);
  table.apply(exec(100, 100, "prog"));
  table.apply(clone_thread(100, 100, 101));
  table.apply(rename(100, 101, "first"));
  const ThreadIndex before = rows.sample(100, 101);
  table.apply(exit(100, 101));
  EXPECT_EQ(rows.sample(100, 101), before) << "samples of its end may come after its exit";
  table.apply(clone_thread(100, 100, 101));
  EXPECT_EQ(table.thread(100, 101).name, "prog");
  EXPECT_NE(rows.sample(100, 101), before);
}

TEST(ProcessTable, KnowsWhenAProcessHasEnded) {
  ProcessTable table;
  table.apply(exec(100, 100, "prog"));
  table.apply(clone_thread(100, 100, 101));
  EXPECT_EQ(table.apply(exit(100, 100)).live_threads(), 1U);
  EXPECT_EQ(table.apply(exit(100, 101)).live_threads(), 0U);
  ASSERT_NE(table.find(100), nullptr) << "kept for late samples";
}

TEST(ProcessTable, CreatesWhatNobodyAnnounced) {
  ProcessTable table;
  Rows rows(table);
  EXPECT_EQ(table.find(7), nullptr);
  rows.sample(7, 8);
  ASSERT_NE(table.find(7), nullptr);
  EXPECT_EQ(table.thread(7, 8).name, "");
  table.apply(rename(9, 10, "thread"));
  EXPECT_EQ(table.thread(9, 10).name, "thread");
  EXPECT_EQ(table.process(9).name, "");
  EXPECT_EQ(table.apply(exit(11, 11)).live_threads(), 0U);
}

TEST(ProcessTable, KeepsTheRowsOfAThreadThatRanBeforeItsFork) {
  ProcessTable table;
  Rows rows(table);
  table.apply(exec(100, 100, "prog"));
  const ThreadIndex early = rows.sample(100, 101);
  table.apply(clone_thread(100, 100, 101));
  EXPECT_EQ(rows.sample(100, 101), early);
}

TEST(ProcessTable, AddsWhatAnEarlyProcessMissed) {
  ProcessTable table;
  table.apply(exec(100, 100, "prog"));
  table.process(100).space.map(code(0x1000, 1));
  table.process(100).space.map(code(0x5000, 5));
  table.process(100).target = true;
  table.process(101).space.map(code(0x1000, 2));  // Its own, seen before its fork.
  const ProcessState& child = table.apply(fork(100, 100, 101));
  EXPECT_TRUE(child.target);
  EXPECT_EQ(child.space.find(RuntimeAddress(0x1000))->module.row(), 2U);
  EXPECT_EQ(child.space.find(RuntimeAddress(0x5000))->module.row(), 5U);
}

TEST(ProcessTable, GivesNoMappingsWithAForkThatPerfMadeUp) {
  ProcessTable table;
  table.apply(exec(100, 100, "init"));
  table.process(100).space.map(code(0x1000, 1));
  ForkEvent synthesized = fork(100, 100, 101);
  synthesized.exec = true;
  EXPECT_TRUE(table.apply(synthesized).space.mappings().empty());
}

TEST(ProcessTable, ForgetsTheLongDead) {
  ProcessTable table;
  table.apply(exec(1, 1, "init"));
  for (Pid pid = 100; pid < 100 + 3 * static_cast<Pid>(ProcessTable::kMaxExited); ++pid) {
    table.apply(fork(1, 1, pid));
    table.apply(exit(pid, pid));
  }
  EXPECT_LE(table.size(), ProcessTable::kMaxExited + 1);
  EXPECT_NE(table.find(1), nullptr);
  EXPECT_EQ(table.find(100), nullptr);
}

TEST(ProcessTable, ForgetsTheLongDeadThreadsOfALivingProcess) {
  ProcessTable table;
  table.apply(exec(1, 1, "server"));
  for (Tid tid = 100; tid < 100 + 3 * static_cast<Tid>(ProcessTable::kMaxExited); ++tid) {
    table.apply(clone_thread(1, 1, tid));
    table.apply(exit(1, tid));
  }
  EXPECT_LE(table.process(1).threads.size(), ProcessTable::kMaxExited + 1);
  EXPECT_EQ(table.process(1).live_threads(), 1U);
}

TEST(ProcessTable, DoesNotForgetAProcessThatGotAPidAgain) {
  ProcessTable table;
  table.apply(fork(1, 1, 100));
  table.apply(exit(100, 100));
  table.apply(fork(1, 1, 100));
  table.apply(exec(100, 100, "alive"));
  for (Pid pid = 200; pid < 200 + 2 * static_cast<Pid>(ProcessTable::kMaxExited); ++pid) {
    table.apply(fork(1, 1, pid));
    table.apply(exit(pid, pid));
  }
  ASSERT_NE(table.find(100), nullptr);
  EXPECT_EQ(table.process(100).name, "alive");
}

}  // namespace
}  // namespace profiler::process
