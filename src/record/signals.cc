#include "record/signals.h"

#include <unistd.h>

#include <initializer_list>

namespace profiler::record {

BlockedSignals::BlockedSignals() {
  sigset_t all;
  ::sigfillset(&all);
  for (const int own : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS}) {
    ::sigdelset(&all, own);
  }
  ::pthread_sigmask(SIG_BLOCK, &all, &original_mask_);
  struct sigaction plain{};
  plain.sa_handler = SIG_DFL;
  ::sigaction(SIGCHLD, &plain, &original_sigchld_);
  sigchld_was_ignored_ = original_sigchld_.sa_handler == SIG_IGN;
  fd_ = FileDescriptor(::signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK));
}

BlockedSignals::~BlockedSignals() {
  while (next()) {
  }
  ::sigaction(SIGCHLD, &original_sigchld_, nullptr);
  ::pthread_sigmask(SIG_SETMASK, &original_mask_, nullptr);
}

std::optional<signalfd_siginfo> BlockedSignals::next() const {
  signalfd_siginfo info{};
  if (::read(fd_.get(), &info, sizeof info) != static_cast<ssize_t>(sizeof info)) {
    return std::nullopt;
  }
  return info;
}

bool was_sent(const signalfd_siginfo& info) {
  return info.ssi_code == SI_USER || info.ssi_code == SI_QUEUE || info.ssi_code == SI_TKILL;
}

}  // namespace profiler::record
