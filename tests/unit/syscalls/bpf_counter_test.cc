#include "syscalls/bpf_counter.h"

#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <thread>
#include <vector>

namespace profiler::syscalls {
namespace {

/// A child that makes calls once the counter has started.
class Child {
 public:
  template <class Body>
  explicit Child(Body body) {
    if (::pipe(gate_) != 0) return;
    pid_ = ::fork();
    if (pid_ == 0) {
      char byte = 0;
      if (::read(gate_[0], &byte, 1) != 1) ::_exit(1);
      body();
      ::_exit(0);
    }
  }
  ~Child() {
    ::close(gate_[0]);
    ::close(gate_[1]);
    wait();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  void go() const { EXPECT_EQ(::write(gate_[1], "x", 1), 1); }
  void wait() {
    if (pid_ > 0) ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  int gate_[2] = {-1, -1};
  pid_t pid_ = -1;
};

std::uint64_t calls(const BpfReading& reading, std::uint32_t call) {
  std::uint64_t sum = 0;
  for (const BpfRow& row : reading.rows) {
    if (row.key.call == call) sum += row.sums.calls;
  }
  return sum;
}

#define LOAD_OR_SKIP(counter, ...)              \
  auto counter = BpfCounter::load(__VA_ARGS__); \
  if (!counter) GTEST_SKIP() << counter.error().message()

TEST(BpfCounter, CountsTheProcessesOfItsRootsAndNoOthers) {
  constexpr int kCalls = 1000;
  const auto body = [] {
    for (int i = 0; i < kCalls; ++i) ::syscall(SYS_getppid);
  };
  Child watched(body);
  Child other(body);
  LOAD_OR_SKIP(counter, BpfSettings{.roots = {watched.pid()}});
  ASSERT_TRUE(counter->start());
  other.go();
  watched.go();
  other.wait();
  watched.wait();
  const BpfReading reading = counter->read();
  EXPECT_EQ(calls(reading, SYS_getppid), kCalls);
  EXPECT_EQ(calls(reading, SYS_exit_group), 1U);
  EXPECT_EQ(reading.calls_lost + reading.threads_lost, 0U);
}

TEST(BpfCounter, HasTheCallsUnderWay) {
  Child child([] { ::sleep(600); });
  LOAD_OR_SKIP(counter, BpfSettings{.roots = {child.pid()}});
  ASSERT_TRUE(counter->start());
  child.go();
  // It is in the sleep soon; until then it is in the read that it was found in.
  std::uint64_t unfinished = 0;
  for (int i = 0; i < 2000 && unfinished == 0; ++i) {
    ::usleep(5000);
    for (const BpfRow& row : counter->read().rows) {
      if (row.key.call == SYS_clock_nanosleep) unfinished = row.unfinished;
    }
  }
  ::kill(child.pid(), SIGKILL);
  EXPECT_EQ(unfinished, 1U);
}

// Of more threads than there is room for, what was forgotten is counted, and no call is said to
// have taken longer than all of the counting.
TEST(BpfCounter, SaysWhatItHadNoRoomFor) {
  constexpr int kThreads = 200;
  Child child([] {
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) threads.emplace_back([] { ::usleep(200'000); });
    for (std::thread& thread : threads) thread.join();
  });
  LOAD_OR_SKIP(counter, BpfSettings{.roots = {child.pid()}, .max_threads = 16});
  ASSERT_TRUE(counter->start());
  child.go();
  child.wait();
  const BpfReading reading = counter->read();
  EXPECT_GT(reading.threads_lost, 0U);
  EXPECT_LT(calls(reading, SYS_clock_nanosleep), kThreads);
  const auto sleep = std::ranges::find_if(
      reading.rows, [](const BpfRow& row) { return row.key.call == SYS_clock_nanosleep; });
  if (sleep == reading.rows.end()) return;
  EXPECT_GE(sleep->sums.min_ns, 200'000'000U);
}

TEST(BpfCounter, TellsGroupsApart) {
  Child child([] { ::syscall(SYS_getppid); });
  LOAD_OR_SKIP(counter, BpfSettings{.roots = {child.pid()}, .grouping = SyscallGrouping::kProcess});
  ASSERT_TRUE(counter->start());
  const auto pid = static_cast<std::uint64_t>(child.pid());
  child.go();
  child.wait();
  const BpfReading reading = counter->read();
  ASSERT_FALSE(reading.rows.empty());
  for (const BpfRow& row : reading.rows) EXPECT_EQ(row.key.group, pid);
  ASSERT_EQ(reading.group_names.size(), 1U);
  EXPECT_EQ(reading.group_names[0].group, pid);
  EXPECT_FALSE(reading.group_names[0].name.empty());
}

}  // namespace
}  // namespace profiler::syscalls
