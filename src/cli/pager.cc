#include "cli/pager.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>

#include "cli/output.h"

namespace profiler::cli {

namespace {

constexpr int kNotExecutable = 126;  // statuses of sh for a command it cannot run
constexpr int kNotFound = 127;

/// While a pager runs, the terminal's Ctrl-C and Ctrl-\ are the pager's business.
class LeaveKeysToPager {
 public:
  LeaveKeysToPager() {
    struct sigaction ignore{};
    ignore.sa_handler = SIG_IGN;
    sigaction(SIGINT, &ignore, &interrupt_);
    sigaction(SIGQUIT, &ignore, &quit_);
  }
  ~LeaveKeysToPager() {
    sigaction(SIGINT, &interrupt_, nullptr);
    sigaction(SIGQUIT, &quit_, nullptr);
  }
  LeaveKeysToPager(const LeaveKeysToPager&) = delete;
  LeaveKeysToPager& operator=(const LeaveKeysToPager&) = delete;

 private:
  struct sigaction interrupt_{};
  struct sigaction quit_{};
};

std::unexpected<Error> failure(const char* what) {
  return std::unexpected(Error{.what = what, .system_error = errno});
}

}  // namespace

std::string pager_command() {
  for (const char* variable : {"PROFILER_PAGER", "PAGER"}) {
    if (const char* value = std::getenv(variable)) {
      const std::string command = value;
      return command == "cat" ? "" : command;
    }
  }
  return "less -FRX";
}

Result<bool> page(std::string_view text, const std::string& command) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return failure("cannot make a pipe to the pager");
  const pid_t pager = fork();
  if (pager < 0) {
    close(ends[0]);
    close(ends[1]);
    return failure("cannot start the pager");
  }
  if (pager == 0) {
    dup2(ends[0], STDIN_FILENO);
    setenv("LESS", "FRX", 0);  // a plain PAGER=less should show colours and short text as it is
    execl("/bin/sh", "sh", "-c", command.c_str(), static_cast<char*>(nullptr));
    _exit(kNotFound);
  }
  const LeaveKeysToPager keys;
  close(ends[0]);
  const auto written = write_all(ends[1], text, "the pager");
  close(ends[1]);
  int status = 0;
  while (waitpid(pager, &status, 0) < 0) {
    if (errno != EINTR) return failure("cannot wait for the pager");
  }
  if (!written) return std::unexpected(written.error());
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
  return code != kNotFound && code != kNotExecutable;
}

}  // namespace profiler::cli
