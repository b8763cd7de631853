#include "cli/work_line.h"

#include <unistd.h>

#include <csignal>
#include <cstdio>

#include "render/printable.h"

namespace profiler::cli {

WorkLine::WorkLine(std::string_view what, bool shown, std::chrono::milliseconds after)
    : what_(render::printable(what)) {
  if (!shown || ::isatty(STDERR_FILENO) != 1) return;
  // Signals are other threads' business.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this, after] { draw_until_done(after); });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

WorkLine::~WorkLine() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    done_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

bool WorkLine::may_stand_beside(std::string_view path) {
  return path != "-" || ::isatty(STDOUT_FILENO) != 1;
}

void WorkLine::draw_until_done(std::chrono::milliseconds after) {
  const auto began = std::chrono::steady_clock::now();
  bool drawn = false;
  std::unique_lock lock(mutex_);
  std::chrono::milliseconds pause = after;
  while (!changed_.wait_for(lock, pause, [this] { return done_; })) {
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - began;
    std::fprintf(stderr, "\r\033[K%s … %.0f s", what_.c_str(), elapsed.count());
    std::fflush(stderr);
    drawn = true;
    pause = std::chrono::milliseconds(500);
  }
  if (drawn) std::fputs("\r\033[K", stderr);
}

}  // namespace profiler::cli
