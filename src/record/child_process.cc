#include "record/child_process.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <utility>

namespace profiler::record {
namespace {

/// What the child reports when it could not become the program.
struct StartReport {
  int stage = 0;  // One of the below.
  int error = 0;
};
constexpr int kStageUser = 1;
constexpr int kStageExec = 2;

struct UserIds {
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;
};

RecordError failure(Error error, StartFailure kind = StartFailure::kProfiler) {
  return RecordError{.error = std::move(error), .failure = kind};
}

/// Looked up before the fork: the child of a threaded process may not allocate.
Result<std::optional<UserIds>> find_user(const std::string& name) {
  if (name.empty()) return std::nullopt;
  errno = 0;
  const passwd* entry = ::getpwnam(name.c_str());
  if (entry == nullptr) {
    return std::unexpected(Error{.what = "no user named '" + name + "'", .system_error = errno});
  }
  UserIds ids{.uid = entry->pw_uid, .gid = entry->pw_gid, .groups = {}};
  int count = 64;
  ids.groups.resize(64);
  while (::getgrouplist(name.c_str(), ids.gid, ids.groups.data(), &count) < 0) {
    if (count <= static_cast<int>(ids.groups.size()))
      count = 2 * static_cast<int>(ids.groups.size());
    if (count > 65536) break;
    ids.groups.resize(static_cast<std::size_t>(count));
  }
  ids.groups.resize(
      static_cast<std::size_t>(std::min<int>(count, static_cast<int>(ids.groups.size()))));
  return ids;
}

bool become(const UserIds& ids) {
  return ::setgroups(ids.groups.size(), ids.groups.data()) == 0 && ::setgid(ids.gid) == 0 &&
         ::setuid(ids.uid) == 0;
}

[[noreturn]] void run_child(const ChildOptions& options, const std::optional<UserIds>& user,
                            char* const* arguments, int gate, int report) {
  char go = 0;
  ssize_t got = 0;
  do {
    got = ::read(gate, &go, 1);
  } while (got < 0 && errno == EINTR);
  if (got != 1) ::_exit(125);  // The profiler has given up, or is gone.

  StartReport result;
  if (user && !become(*user)) {
    result = {.stage = kStageUser, .error = errno};
  } else {
    if (options.ignore_sigchld) ::signal(SIGCHLD, SIG_IGN);
    ::sigprocmask(SIG_SETMASK, &options.signal_mask, nullptr);
    ::execvp(arguments[0], arguments);
    result = {.stage = kStageExec, .error = errno};
  }
  [[maybe_unused]] const ssize_t written = ::write(report, &result, sizeof result);
  ::_exit(127);
}

}  // namespace

std::expected<ChildProcess, RecordError> ChildProcess::fork_waiting(const ChildOptions& options) {
  if (options.command.empty()) {
    return std::unexpected(failure({.what = "no command to run"}));
  }
  auto user = find_user(options.user);
  if (!user) return std::unexpected(failure(user.error()));

  std::array<int, 2> gate{};
  std::array<int, 2> report{};
  if (::pipe2(gate.data(), O_CLOEXEC) != 0) {
    return std::unexpected(failure({.what = "cannot make a pipe", .system_error = errno}));
  }
  FileDescriptor gate_read(gate[0]);
  FileDescriptor gate_write(gate[1]);
  if (::pipe2(report.data(), O_CLOEXEC) != 0) {
    return std::unexpected(failure({.what = "cannot make a pipe", .system_error = errno}));
  }
  FileDescriptor report_read(report[0]);
  FileDescriptor report_write(report[1]);

  std::vector<char*> arguments;
  arguments.reserve(options.command.size() + 1);
  // execvp(3) takes char* for history's sake; it changes nothing.
  for (const std::string& argument : options.command) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);

  const pid_t pid = ::fork();
  if (pid < 0) {
    return std::unexpected(failure({.what = "cannot start a process", .system_error = errno}));
  }
  if (pid == 0) {
    gate_write.reset();  // Or it would wait for itself when the profiler is gone.
    run_child(options, *user, arguments.data(), gate_read.get(), report_write.get());
  }
  return ChildProcess(pid, std::move(gate_write), std::move(report_read), options.command[0]);
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      gate_(std::move(other.gate_)),
      report_(std::move(other.report_)),
      name_(std::move(other.name_)) {}

ChildProcess::~ChildProcess() {
  if (pid_ < 0 || !gate_) return;
  gate_.reset();
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

std::expected<void, RecordError> ChildProcess::start() {
  const char go = 1;
  // A child that was killed while it waited shows in poll_end(); SIGPIPE is blocked by then.
  [[maybe_unused]] const ssize_t written = ::write(gate_.get(), &go, 1);
  gate_.reset();
  StartReport result;
  ssize_t got = 0;
  do {
    got = ::read(report_.get(), &result, sizeof result);
  } while (got < 0 && errno == EINTR);
  report_.reset();
  if (got != static_cast<ssize_t>(sizeof result)) return {};  // Closed by exec.

  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  if (result.stage == kStageUser) {
    return std::unexpected(failure({.what = "cannot run as another user",
                                    .system_error = result.error,
                                    .advice = "--user needs root"}));
  }
  const bool missing = result.error == ENOENT;
  return std::unexpected(failure({.what = missing ? "command not found" : "cannot execute",
                                  .path = name_,
                                  .system_error = missing ? 0 : result.error},
                                 missing ? StartFailure::kNotFound : StartFailure::kNotExecutable));
}

std::optional<ChildEnd> ChildProcess::poll_end() {
  if (pid_ < 0) return std::nullopt;
  int status = 0;
  ChildEnd end;
  const pid_t got = ::wait4(pid_, &status, WNOHANG, &end.usage);
  if (got != pid_) return std::nullopt;
  pid_ = -1;
  if (WIFSIGNALED(status)) {
    end.signal = WTERMSIG(status);
    end.status = 128 + end.signal;
  } else {
    end.status = WEXITSTATUS(status);
  }
  return end;
}

void ChildProcess::send(int signal) const {
  if (pid_ > 0) ::kill(pid_, signal);
}

}  // namespace profiler::record
