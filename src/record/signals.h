// Signals as something to read: all of them blocked in every thread, and taken from one descriptor.
//
//   BlockedSignals signals;                  // before any thread is started
//   … poll(signals.fd()) …
//   while (auto info = signals.next()) …     // signalfd_siginfo
//
// The destructor drops what is still pending and restores the mask. SIGSEGV and its like are not
// blocked: they are the profiler's own.
#pragma once

#include <signal.h>
#include <sys/signalfd.h>

#include <optional>

#include "record/file_descriptor.h"

namespace profiler::record {

class BlockedSignals {
 public:
  BlockedSignals();
  ~BlockedSignals();
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;

  [[nodiscard]] int fd() const { return fd_.get(); }
  /// Never waits.
  [[nodiscard]] std::optional<signalfd_siginfo> next() const;

  /// The mask before, for a child.
  [[nodiscard]] const sigset_t& original_mask() const { return original_mask_; }
  /// SIGCHLD was ignored: then wait4(2) would find no child. It is not, while this lives.
  [[nodiscard]] bool sigchld_was_ignored() const { return sigchld_was_ignored_; }

 private:
  sigset_t original_mask_{};
  struct sigaction original_sigchld_{};
  bool sigchld_was_ignored_ = false;
  FileDescriptor fd_;
};

/// Whether somebody sent it (kill(2) and its like), as opposed to the terminal or the kernel.
[[nodiscard]] bool was_sent(const signalfd_siginfo& info);

}  // namespace profiler::record
