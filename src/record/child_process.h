// The program under measurement: forked at once, so that events can be opened on it, and let go
// only when they are ready.
//
//   auto child = ChildProcess::fork_waiting({.command = {"ls", "-l"}, .signal_mask = before});
//   … open events on child->pid() …
//   if (auto begun = child->start(); !begun) return begun.error();   // 126, 127
//   … SIGCHLD: if (auto end = child->poll_end()) …
//
// Not here: signals that are forwarded to it (recording.cc). A child that was never started is
// ended and reaped by the destructor; one that was started is left alone.
#pragma once

#include <signal.h>
#include <sys/resource.h>

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "profiler/event.h"
#include "record/file_descriptor.h"
#include "record/recording.h"

namespace profiler::record {

struct ChildOptions {
  std::vector<std::string> command;  ///< Looked up in PATH, as execvp(3) does.
  std::string user;                  ///< Run it as this user, with all of the user's groups.
  sigset_t signal_mask{};            ///< What it starts with, whatever its parent has blocked.
  bool ignore_sigchld = false;       ///< Whether SIGCHLD was ignored when the profiler was started.
};

struct ChildEnd {
  int status = 0;  ///< As a shell sees it: the exit status, or 128+n.
  int signal = 0;  ///< n; 0: it exited.
  rusage usage{};  ///< With its reaped descendants'.
};

class ChildProcess {
 public:
  static std::expected<ChildProcess, RecordError> fork_waiting(const ChildOptions& options);
  ~ChildProcess();
  ChildProcess(ChildProcess&&) noexcept;
  ChildProcess& operator=(ChildProcess&&) = delete;

  [[nodiscard]] Pid pid() const { return pid_; }
  /// Lets it exec. Returns when it has; the Error says why it could not.
  [[nodiscard]] std::expected<void, RecordError> start();
  /// Reaps it if it has ended. Never waits.
  [[nodiscard]] std::optional<ChildEnd> poll_end();
  void send(int signal) const;

 private:
  ChildProcess(Pid pid, FileDescriptor gate, FileDescriptor report, std::string name)
      : pid_(pid), gate_(std::move(gate)), report_(std::move(report)), name_(std::move(name)) {}
  Pid pid_ = -1;  // -1: reaped, or moved from.
  FileDescriptor gate_;
  FileDescriptor report_;
  std::string name_;
};

}  // namespace profiler::record
