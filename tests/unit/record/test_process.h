// A piece of a test in a process of its own, where it may give up rights, install filters and be
// sent signals.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

namespace profiler::record {

/// Runs `body` there; its result is the exit status. What gtest finds wrong there is printed but
/// not counted: return a number that tells.
template <class Body>
pid_t start_process(Body&& body) {
  std::fflush(nullptr);
  const pid_t pid = ::fork();
  if (pid == 0) {
    const int status = std::forward<Body>(body)();
    std::fflush(nullptr);
    ::_exit(status);
  }
  return pid;
}

inline int wait_for(pid_t pid) {
  int status = 0;
  if (::waitpid(pid, &status, 0) != pid) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

template <class Body>
int run_process(Body&& body) {
  return wait_for(start_process(std::forward<Body>(body)));
}

/// A file name that goes away with it.
class TemporaryFile {
 public:
  TemporaryFile() {
    const int fd = ::mkstemp(path_.data());
    if (fd >= 0) ::close(fd);
  }
  ~TemporaryFile() { ::unlink(path_.c_str()); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_ = "/tmp/profiler-record-test-XXXXXX";
};

}  // namespace profiler::record
