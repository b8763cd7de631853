// Which processes and threads exist, what they are called and what they have mapped, replayed from
// records in order of time.
//
//   ProcessTable table;
//   table.apply(fork_event);                              // likewise comm, exit
//   ProcessState& process = table.process(mmap.pid);
//   process.space.map({start, end, module, bias});        // the caller knows modules
//   ThreadState& thread = table.thread(sample.context.pid, sample.context.tid);
//   if (!thread.row) thread.row = profile.threads.push_back(…);
//
// A process or thread nobody announced is created when it is first asked for: records may be lost,
// and a recording may start late. One that has ended is kept for a while, since samples of its end
// may come after its exit record. Does no I/O.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>

#include "process/address_space.h"
#include "profiler/event.h"
#include "profiler/profile.h"

namespace profiler::process {

struct ThreadState {
  Tid tid = 0;
  std::string name;  ///< Inherited from whoever created it, until it is renamed. "": not known.
  bool exited = false;
  // The caller's: none, and false, for a new thread, a new name, a new program.
  ThreadIndex row = {};
  bool sampled = false;
};

/// A process id under one incarnation: from its fork to the next fork that gets the same id.
struct ProcessState {
  Pid pid = 0;
  Pid parent_pid = 0;
  std::string name;  ///< Of its main thread. "": not known.
  AddressSpace space;
  std::unordered_map<Tid, ThreadState> threads;  ///< Known ones, recently ended ones among them.
  std::uint64_t incarnation = 0;                 ///< Unique in the table.
  std::uint32_t execs = 0;                       ///< Programs it has become since its fork.
  /// The program that it still is a copy of. incarnation 0: not known. Of no use after an exec.
  struct Origin {
    std::uint64_t incarnation = 0;
    std::uint32_t execs = 0;
  };
  Origin forked_from = {};
  bool announced = false;  ///< By a fork or comm record.
  /// The caller's: whether it belongs to the target. A forked process has its parent's.
  bool target = false;
  /// The caller's: whether a sample of it was seen.
  bool sampled = false;
  /// The caller's: none for a new process and after each exec. (A new name of the main thread is no
  /// new program: the caller may rename the row.)
  ProcessIndex row = {};

  [[nodiscard]] std::size_t live_threads() const;
};

/// References it returns are valid until the next apply().
class ProcessTable {
 public:
  /// Exited threads that are remembered.
  static constexpr std::size_t kMaxExited = 1024;

  [[nodiscard]] ProcessState& process(Pid pid);
  [[nodiscard]] ThreadState& thread(Pid pid, Tid tid);
  /// Null if the table does not know it.
  [[nodiscard]] ProcessState* find(Pid pid);
  [[nodiscard]] const ProcessState* find(Pid pid) const;

  /// A new process has a copy of its parent's address space, name and `target`; a new thread the
  /// name of the thread that created it. An id known from before is reused, unless only samples
  /// have shown it so far: then it is the same process, and the record was late.
  ProcessState& apply(const ForkEvent& event);
  /// exec: a new program, with one thread and nothing mapped. Else: a thread's new name.
  ProcessState& apply(const CommEvent& event);
  /// Afterwards live_threads() of the result is 0 if the process has ended with it.
  ProcessState& apply(const ExitEvent& event);

  [[nodiscard]] std::size_t size() const { return processes_.size(); }

 private:
  struct Exited {
    Pid pid;
    Tid tid;
    std::uint64_t incarnation;
  };

  ThreadState& thread_of(ProcessState& process, Tid tid);
  ProcessState& new_process(const ForkEvent& event);
  void new_thread(ProcessState& process, const ForkEvent& event);
  void forget_oldest_exited();

  std::unordered_map<Pid, ProcessState> processes_;
  std::deque<Exited> exited_;
  std::uint64_t last_incarnation_ = 0;
};

}  // namespace profiler::process
