// Small profiles, written in a test as a person would say them.
//
//   Profile p = ProfileBuilder()
//                   .function("main", {.file = "main.cc", .line = 3})
//                   .user("main;f;g", 5)                          // five samples of 1 ms
//                   .sys("main;f#41;read@libc.so.6", "entry_SYSCALL_64;vfs_read", syscall("read"))
//                   .build();
//
// A stack is a list of frames, outermost first, separated by ';'. A frame is
//   [~]NAME[@MODULE][#LINE]
// `~`: inlined into the frame before it (one frame, two locations). MODULE: "prog" where it is not
// said, "[kernel]" in kernel chains. LINE: of the call, in the function's file. NAME "0x1f00": a
// frame without a name at that address; NAME "prog+0x1f00": one named by range.
// A function keeps the module it was first seen in under that name and module.
//
// process(), thread(), at(), end() and so on hold for the samples that follow.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "profiler/profile.h"

namespace profiler::test {

/// Names of a boundary into the kernel, as text.
struct Entry {
  KernelEntryKind kind = KernelEntryKind::kOther;
  std::string name = {};
};

inline Entry syscall(std::string name) { return {KernelEntryKind::kSyscall, std::move(name)}; }
inline Entry fault(std::string name) { return {KernelEntryKind::kFault, std::move(name)}; }
inline Entry irq(std::string name) { return {KernelEntryKind::kIrq, std::move(name)}; }

struct FunctionDetails {
  std::string module = "prog";
  std::string file = {};
  std::uint32_t line = 0;
  std::string system_name = {};
};

/// One counted call, of one group.
struct CountedCall {
  std::string name;
  std::uint64_t cpu_ns = 0;
  /// How long calls took, and how often each; they are all calls unless `calls` says more.
  std::vector<std::pair<std::uint64_t, std::uint64_t>> durations = {};
  std::uint64_t calls = 0;
  std::vector<std::pair<std::int32_t, std::uint64_t>> errors = {};
  std::uint64_t returned = 0;
  std::uint64_t restarts = 0;
  std::uint64_t unfinished = 0;
  std::uint64_t begun_before = 0;
  std::int32_t number = 0;
  SyscallAbi abi = SyscallAbi::kNative;
  std::string group = {};
  std::int64_t group_id = 0;
};

class ProfileBuilder {
 public:
  /// One process "prog" (pid 100) with one thread of the same name and number, one clock event of
  /// 1,000 Hz, samples of 1 ms each.
  ProfileBuilder();

  /// Declares where a function comes from; only needed for its file, line or mangled name.
  ProfileBuilder& function(std::string_view name, const FunctionDetails& details);

  /// A new process and its main thread.
  ProfileBuilder& process(std::string_view name, Pid pid, Pid parent_pid = 1);
  /// A new thread of the current process.
  ProfileBuilder& thread(std::string_view name, Tid tid);
  /// Weight of each sample, and the time between two. 1 ms to begin with.
  ProfileBuilder& period(std::uint64_t ns);
  /// When the next sample was taken.
  ProfileBuilder& at(std::uint64_t time_ns);
  /// How the walk of the following samples' user stacks ended.
  ProfileBuilder& end(StackEnd end);
  /// Replaces the event: weights are then in `unit`.
  ProfileBuilder& event(std::string name, std::string unit);
  /// One more event, each occurrence of which was sampled: the following samples are of it.
  ProfileBuilder& another_event(std::string name);

  /// `count` samples in user mode.
  ProfileBuilder& user(std::string_view user_stack, std::uint64_t count = 1);
  /// `count` samples in the kernel. `user_stack` is empty for a kernel thread.
  ProfileBuilder& sys(std::string_view user_stack, std::string_view kernel_stack,
                      const Entry& cause, std::uint64_t count = 1);
  /// The same where the innermost boundary differs from the outermost: a fault inside a call.
  ProfileBuilder& sys(std::string_view user_stack, std::string_view kernel_stack,
                      const Entry& cause, const Entry& entry, std::uint64_t count);

  /// `count` waits of the thread, one after the other, each of `ns`, of which this stack was taken.
  /// `call`: what it entered the kernel by. The first says that waiting was recorded.
  ProfileBuilder& wait(std::string_view user_stack, std::string_view kernel_stack, WaitClass what,
                       std::uint64_t ns, std::uint64_t count = 1,
                       const Entry& call = {KernelEntryKind::kSyscall, "futex"});
  /// Likewise, but it could have gone on.
  ProfileBuilder& runnable(std::string_view user_stack, std::uint64_t ns, std::uint64_t count = 1);
  /// `count` waits of `ns` together, of which no stack was taken: one row.
  ProfileBuilder& unsampled_wait(std::uint64_t ns, std::uint32_t count = 1, bool runnable = false);
  /// What the thread did with its time: its first and last moment are filled in so that it adds up.
  ProfileBuilder& schedule(const ThreadSchedule& schedule);

  /// A row of the account of system calls, which is then counted, by BPF unless that was said.
  ProfileBuilder& counted(const CountedCall& call);
  /// A user stack that made calls of the row before: its part of them.
  ProfileBuilder& called_by(std::string_view user_stack, std::uint64_t calls, std::uint64_t wall_ns,
                            std::uint64_t cpu_ns);
  /// For what is said once of it.
  [[nodiscard]] SyscallAccount& account() { return profile_.syscalls; }

  ProfileBuilder& command(std::vector<std::string> words);
  /// What wait4 charged.
  ProfileBuilder& charged(std::uint64_t real_ns, std::uint64_t user_ns, std::uint64_t sys_ns);

  /// For what has no word here.
  [[nodiscard]] Run& run() { return profile_.run; }
  [[nodiscard]] const Profile& profile() const { return profile_; }
  [[nodiscard]] Profile build() const { return profile_; }

 private:
  struct ParsedFrame;
  StringIndex intern(std::string_view text);
  ModuleIndex module(std::string_view path, bool kernel);
  FunctionIndex intern_function(std::string_view name, std::string_view module_path, bool kernel);
  NodeIndex node(NodeIndex parent, FrameIndex frame);
  FrameIndex frame(const std::vector<ParsedFrame>& inlined_last, bool kernel);
  NodeIndex chain(std::string_view text, bool kernel);
  CauseIndex intern_cause(const Entry& cause, const Entry& entry);
  StackIndex intern_stack(const Stack& stack);
  void add_waits(const Stack& stack, bool runnable, std::uint64_t ns, std::uint64_t count);
  void add_samples(const Stack& stack, Mode mode, std::uint64_t count);

  Profile profile_;
  std::map<std::string, StringIndex, std::less<>> strings_;
  std::map<std::string, ModuleIndex, std::less<>> modules_;
  std::map<std::pair<std::string, std::string>, FunctionIndex> functions_;
  std::map<std::string, FrameIndex> frames_;
  std::map<std::pair<NodeIndex, FrameIndex>, NodeIndex> nodes_;
  std::map<std::tuple<NodeIndex, NodeIndex, StackEnd, CauseIndex, WaitClass>, StackIndex> stacks_;
  ProcessIndex process_;
  ThreadIndex thread_;
  StackEnd end_ = StackEnd::kUndefinedReturnAddress;
  std::uint64_t time_ns_ = 0;
  std::uint16_t event_ = 0;
  std::uint64_t period_ns_ = 1'000'000;
  std::uint64_t next_address_ = 0x1000;
};

}  // namespace profiler::test
