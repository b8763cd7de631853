// The BPF program that counts system calls inside the kernel (syscall_counter.bpf.c), loaded.
//
//   auto counter = BpfCounter::load({.scope = …, .roots = {pid}});   // 30 to 110 ms
//   counter->add_output(cpu, event);                                // where sampled callers go
//   counter->start();                                               // counts from now
//   BpfReading reading = counter->read();                           // at any time
//
// Needs CAP_BPF and CAP_PERFMON, a kernel with BTF (5.11 or later), and for processes and threads
// the initial pid namespace: ids are the kernel's. The Error says which is missing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "profiler/error.h"
#include "profiler/event.h"
#include "profiler/syscall_account.h"
#include "record/perf_event.h"
#include "syscalls/counter_layout.h"

namespace profiler::syscalls {

struct BpfSettings {
  syscall_scope scope = SYSCALL_SCOPE_PROCESSES;
  std::vector<std::int32_t> roots;  ///< Processes or threads, as the scope says.
  int cgroup_fd = -1;               ///< Of SYSCALL_SCOPE_CGROUP: a directory of version 2.
  SyscallGrouping grouping = SyscallGrouping::kNone;
  /// The calls of the roots count from the one on by which they become a program.
  bool held_until_exec = false;
  /// A caller is sampled once in so much time spent in calls, on each CPU; 0: never.
  std::uint64_t sample_period_ns = 0;
  /// Threads that can be remembered while they are off the CPU; 0: several times those there are.
  std::uint32_t max_threads = 0;
};

/// The sums of one call of one group, over all CPUs.
struct BpfRow {
  syscall_key key{};
  syscall_row sums{};
  std::uint64_t unfinished = 0;
  double under_way_squares = 0;  ///< Of wall times; they are not in `sums`.
};

struct BpfError {
  syscall_error_key key{};
  std::uint64_t count = 0;
};

struct BpfGroupName {
  std::uint64_t group = 0;
  std::string name;
};

struct BpfReading {
  std::vector<BpfRow> rows;  ///< Those that have calls, in no order.
  std::vector<BpfError> errors;
  std::vector<BpfGroupName> group_names;  ///< Of threads and processes that have ended.
  std::uint64_t killed_ns = 0;            ///< SyscallAccount::killed_cpu_ns
  /// Calls that are in no row: because a table was full, or the kernel did not run the program.
  std::uint64_t calls_lost = 0;
  std::uint64_t threads_lost = 0;  ///< Times that a thread's call in progress was forgotten.
  std::uint64_t errors_lost = 0;
  std::uint64_t samples_lost = 0;
};

class BpfCounter {
 public:
  static Result<BpfCounter> load(const BpfSettings& settings);
  ~BpfCounter();
  BpfCounter(BpfCounter&&) noexcept;
  BpfCounter& operator=(BpfCounter&&) noexcept;

  /// `event`: of type PERF_COUNT_SW_BPF_OUTPUT, on that CPU.
  Result<void> add_output(std::uint32_t cpu, const record::PerfEvent& event);
  Result<void> start();
  /// One more process or thread, as the scope says. False: there are too many.
  bool add_root(std::int32_t id);
  /// Calls under way are taken as if they ended now.
  [[nodiscard]] BpfReading read() const;
  /// Bytes of the tables in the kernel that are there from the start.
  [[nodiscard]] std::size_t memory_bytes() const;

 private:
  struct State;
  explicit BpfCounter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Whether `call` (counter_layout.h) ends a thread and never returns.
[[nodiscard]] bool never_returns(std::uint32_t call);

}  // namespace profiler::syscalls
