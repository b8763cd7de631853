#include "syscalls/ring_counter.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "record/proc_file.h"
#include "record/target.h"
#include "tests/integration/counted_run.h"
#include "tests/support/command.h"
#include "tests/support/strace_counts.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/record/test_process.h"

namespace profiler::syscalls {
namespace {

using test::CallCounts;

class RingCounterTest : public testing::Test {
 protected:
  void SetUp() override {
    static const auto kRefused = counting_refused();
    if (kRefused) GTEST_SKIP() << "needs trace points: " << *kRefused;
  }
};

/// What strace says of it, with what it does not tell.
std::optional<CallCounts> counts_of_strace(const std::vector<std::string>& command) {
  const test::TemporaryDirectory directory;
  const std::string table = directory.file("table");
  std::vector<std::string> words{"strace", "-f", "-c", "-o", table};
  words.insert(words.end(), command.begin(), command.end());
  if (test::run(words).exit_status != 0) return std::nullopt;
  const CallCounts counts = test::parse_strace_counts(test::read_bytes(table));
  if (counts.empty()) return std::nullopt;
  return counts;
}

/// strace shows neither of these.
void leave_out_what_strace_does(CallCounts& counts) {
  counts.erase("exit_group");
  counts.erase("exit");
  std::erase_if(counts, [](const auto& row) { return row.first.starts_with("syscall_"); });
}

TEST_F(RingCounterTest, CountsWhatStraceCounts) {
  for (const Coverage coverage : {Coverage::kPerCpu, Coverage::kInherited}) {
    const std::vector<std::string> command{workload("many_calls"), "5"};
    const CountedRun run = count_run(command, {}, coverage);
    ASSERT_EQ(run.status, 0);
    EXPECT_EQ(run.account.lost, 0U);
    CallCounts counts = run.counts();
    EXPECT_GE(counts.size(), 80U);
    // Three children a round, and itself.
    EXPECT_EQ(counts["exit_group"].calls, 5U * 3 + 1);
    EXPECT_EQ(counts["syscall_999"], (test::CallCount{5, 5}));
    leave_out_what_strace_does(counts);
    const auto expected = counts_of_strace(command);
    if (!expected) GTEST_SKIP() << "no strace";
    for (const auto& [name, count] : *expected) {
      EXPECT_EQ(counts[name].calls, count.calls) << name;
      EXPECT_EQ(counts[name].errors, count.errors) << name;
    }
    EXPECT_EQ(counts.size(), expected->size());
  }
}

TEST_F(RingCounterTest, CountsCallsThatDoNotSimplyReturn) {
  for (const Coverage coverage : {Coverage::kPerCpu, Coverage::kInherited}) {
    const CountedRun run = count_run({workload("interrupted_calls")}, {}, coverage);
    ASSERT_EQ(run.status, 0);
    EXPECT_EQ(run.account.lost, 0U);
    const SyscallRow restarted = run.row("readv");
    EXPECT_EQ(restarted.calls, restarted.restarts + 1);
    EXPECT_GE(restarted.restarts, 1U);
    EXPECT_LE(restarted.restarts, 20U);
    EXPECT_EQ(restarted.errors, 0U);
    EXPECT_EQ(restarted.returned, 1U);
    EXPECT_EQ(run.row("rt_sigreturn").calls, 20U);
    EXPECT_EQ(run.printed("handled"), 20);
    // Of a thread that is not the first, the second time.
    EXPECT_EQ(run.row("execve").calls, 2U);
    EXPECT_EQ(run.row("execve").errors, 0U);
    EXPECT_EQ(run.row("exit_group").calls, 1U);
    // Its own, and those of the threads that exit_group ended; killed, none returns.
    const SyscallRow left = run.row("ppoll");
    EXPECT_LE(left.calls, 4U);
    EXPECT_EQ(left.errors, 0U);
    if (run.row("prctl").calls == 2 && run.row("prctl").errors == 0) {
      EXPECT_EQ(run.row("getpgid").calls, 10U);
      EXPECT_EQ(run.row("getpgid").errors, 10U);
    }
    for (const SyscallRow& row : run.account.rows) {
      EXPECT_EQ(row.begun_before, 0U) << run.text(row.name);
      EXPECT_EQ(row.unfinished, 0U) << run.text(row.name);
      EXPECT_EQ(row.durations.total(), row.calls) << run.text(row.name);
      EXPECT_LE(row.cpu_ns, row.wall_ns) << run.text(row.name);
    }
  }
}

/// How far the CPU time of calls is from what the program measured of them, relatively; both less
/// that of a call that does nothing.
double error_of_cpu_time(const std::string& threads) {
  const CountedRun run = count_run({workload("clocked_calls"), threads, "250"}, {});
  EXPECT_EQ(run.status, 0);
  EXPECT_EQ(run.account.lost, 0U);
  const double nothing_ns = static_cast<double>(run.row("getppid").durations.quantile(0.5));
  double largest = 0;
  for (const char* call : {"read", "getrandom", "pwrite64"}) {
    const double measured = run.printed(call) - run.printed("getppid");
    EXPECT_GT(measured, 0) << call;
    const SyscallRow row = run.row(call);
    const double counted =
        (static_cast<double>(row.cpu_ns) - nothing_ns * static_cast<double>(row.calls)) * 1e-9;
    largest = std::max(largest, std::abs(counted - measured) / measured);
  }
  // Waiting is no CPU time: half a millisecond each.
  const SyscallRow sleep = run.row("clock_nanosleep");
  EXPECT_GE(sleep.wall_ns, sleep.calls * 450'000);
  EXPECT_LE(sleep.cpu_ns, sleep.wall_ns / 4);
  return largest;
}

TEST_F(RingCounterTest, MeasuresTheCpuTimeThatTheThreadsClockShows) {
  for (const char* threads : {"1", "4"}) {
    double least = 1;
    // Time that a hypervisor takes away is in the one and not in the other.
    for (int attempt = 0; attempt < 5 && least > 0.02; ++attempt) {
      least = std::min(least, error_of_cpu_time(threads));
    }
    EXPECT_LE(least, 0.02) << threads << " threads";
  }
}

TEST_F(RingCounterTest, CountsWhatASmallRingLoses) {
  // On an idle machine the reader may keep up with few calls.
  std::uint64_t lost = 0;
  for (int calls = 20'000; lost == 0 && calls <= 1'280'000; calls *= 4) {
    const CountedRun run =
        count_run({workload("call_loop"), std::to_string(calls), "1", "2"}, {.ring_bytes = 4096});
    ASSERT_EQ(run.status, 0);
    EXPECT_LE(run.row("getppid").calls, 2U * static_cast<unsigned>(calls));
    lost = run.account.lost;
  }
  EXPECT_GT(lost, 0U);
}

TEST_F(RingCounterTest, LosesNothingThatAnOrdinaryRingHolds) {
  const CountedRun run = count_run({workload("call_loop"), "5000", "1", "2"}, {});
  ASSERT_EQ(run.status, 0);
  EXPECT_EQ(run.account.lost, 0U);
  EXPECT_EQ(run.row("getppid").calls, 10'000U);
}

TEST_F(RingCounterTest, TellsThreadsApart) {
  const CountedRun run =
      count_run({workload("call_loop"), "1000", "1", "3"}, {.grouping = SyscallGrouping::kThread});
  ASSERT_EQ(run.status, 0);
  int threads = 0;
  for (const SyscallRow& row : run.account.rows) {
    EXPECT_EQ(run.text(row.group), "call_loop (" + std::to_string(row.group_id) + ")");
    if (run.text(row.name) != "getppid") continue;
    ++threads;
    EXPECT_EQ(row.calls, 1000U);
  }
  EXPECT_EQ(threads, 3);
}

#if defined(__x86_64__)
TEST_F(RingCounterTest, NamesThirtyTwoBitCallsByTheirOwnTable) {
  const test::TemporaryDirectory directory;
  test::write_bytes(directory.file("old.c"), R"(
static int call(int number, int first) {
  int result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(first) : "memory");
  return result;
}
void _start(void) {
  for (int i = 0; i < 7; ++i) call(20, 0);
  call(3, -1);
  call(999, 0);
  call(252, 0);
}
)");
  const std::string program = directory.file("old");
  if (test::run({"cc", "-m32", "-O1", "-nostdlib", "-static", "-fno-pic", "-no-pie",
                 "-fno-stack-protector", "-o", program, directory.file("old.c")})
          .exit_status != 0) {
    GTEST_SKIP() << "no compiler of 32-bit programs";
  }
  if (test::run({program}).exit_status != 0) GTEST_SKIP() << "32-bit programs do not run here";
  const CountedRun run = count_run({program}, {});
  EXPECT_EQ(run.status, 0);
  for (const SyscallRow& row : run.account.rows) {
    const bool exec = run.text(row.name) == "execve";
    EXPECT_EQ(row.abi, exec ? SyscallAbi::kNative : SyscallAbi::kCompat32) << run.text(row.name);
  }
  EXPECT_EQ(run.row("getpid").calls, 7U);
  EXPECT_EQ(run.row("read").errors, 1U);
  EXPECT_EQ(run.row("syscall_999").errors, 1U);
  EXPECT_EQ(run.row("exit_group").calls, 1U);
  EXPECT_EQ(run.row("execve").calls, 1U);
}
#endif

/// A process that waits in read(2), and on each byte makes a hundred getppid and says that it has.
class Waiter {
 public:
  Waiter() {
    if (::pipe2(in_.data(), O_CLOEXEC) != 0 || ::pipe2(out_.data(), O_CLOEXEC) != 0) std::abort();
    pid_ = record::start_process([this] {
      ::close(in_[1]);
      char byte = 0;
      while (::read(in_[0], &byte, 1) == 1) {
        for (int i = 0; i < 100; ++i) ::syscall(SYS_getppid);
        if (::write(out_[1], &byte, 1) != 1) return 1;
      }
      return 0;
    });
    wait_until_it_waits();
  }
  ~Waiter() {
    ::close(in_[1]);
    record::wait_for(pid_);
  }
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;
  [[nodiscard]] Pid pid() const { return pid_; }
  void wake() const {
    char byte = 'x';
    EXPECT_EQ(::write(in_[1], &byte, 1), 1);
    EXPECT_EQ(::read(out_[0], &byte, 1), 1);
    wait_until_it_waits();
  }

 private:
  void wait_until_it_waits() const {
    const std::string path = "/proc/" + std::to_string(pid_) + "/syscall";
    const std::string read_from = std::to_string(SYS_read) + " 0x";
    for (int i = 0; i < 10'000; ++i) {
      if (record::read_file(path).value_or("").starts_with(read_from)) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  std::array<int, 2> in_{};
  std::array<int, 2> out_{};
  Pid pid_ = 0;
};

CountedRun count_waiter(const Waiter& waiter, const record::RecordOptions& options,
                        const RingSettings& settings) {
  CountedRun run;
  const auto target = record::Target::find(options, std::nullopt);
  if (!target) return run;
  auto backend = RingCounter::attach(*target, options, settings);
  if (!backend) {
    ADD_FAILURE() << backend.error().message();
    return run;
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  waiter.wake();
  waiter.wake();
  CountedRun early;
  take_account(**backend, early);  // While it goes on.
  (*backend)->detach();
  take_account(**backend, run);
  EXPECT_LE(early.row("getppid").calls, 200U);
  EXPECT_LE(early.row("read").unfinished, 1U);
  return run;
}

void expect_waiters_calls(const CountedRun& run) {
  EXPECT_EQ(run.account.lost, 0U);
  EXPECT_EQ(run.row("getppid").calls, 200U);
  EXPECT_EQ(run.row("write").returned, 2U);
  const SyscallRow read = run.row("read");
  EXPECT_EQ(read.calls, 3U);
  EXPECT_EQ(read.begun_before, 1U);
  EXPECT_EQ(read.unfinished, 1U);
  EXPECT_EQ(read.returned, 2U);
  EXPECT_GE(read.max_ns, 20'000'000U);  // From the start of counting.
  EXPECT_LE(read.cpu_ns, read.wall_ns / 2);
}

TEST_F(RingCounterTest, AttachesToProcessesInTheMiddleOfACall) {
  const Waiter waiter;
  record::RecordOptions options;
  options.scope = Scope::kProcesses;
  options.pids = {waiter.pid()};
  for (const Coverage coverage : {Coverage::kPerCpu, Coverage::kInherited}) {
    options.coverage = coverage;
    expect_waiters_calls(count_waiter(waiter, options, {}));
  }
}

TEST_F(RingCounterTest, AttachesToThreads) {
  const Waiter waiter;
  record::RecordOptions options;
  options.scope = Scope::kThreads;
  options.tids = {waiter.pid()};
  expect_waiters_calls(count_waiter(waiter, options, {}));
}

TEST_F(RingCounterTest, CountsEverybodysCalls) {
  const Waiter waiter;
  record::RecordOptions options;
  options.scope = Scope::kSystem;
  CountedRun run = count_waiter(waiter, options, {.grouping = SyscallGrouping::kProcess});
  EXPECT_GT(run.account.rows.size(), 4U);
  std::erase_if(run.account.rows.rows(),
                [&](const SyscallRow& row) { return row.group_id != waiter.pid(); });
  expect_waiters_calls(run);
}

TEST_F(RingCounterTest, FindsTheControlGroup) {
  const CountedRun run =
      count_run({workload("call_loop"), "10"}, {.grouping = SyscallGrouping::kCgroup});
  const std::string own(
      cgroup_path(record::read_file("/proc/self/cgroup").value_or("0::no longer known")));
  ASSERT_FALSE(run.account.rows.empty());
  for (const SyscallRow& row : run.account.rows) EXPECT_EQ(run.text(row.group), own);
}

}  // namespace
}  // namespace profiler::syscalls
