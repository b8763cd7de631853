#include "record/child_process.h"

#include <gtest/gtest.h>
#include <pwd.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>
#include <thread>

#include "record/proc_file.h"
#include "record/signals.h"
#include "test_process.h"

namespace profiler::record {
namespace {

ChildOptions options_for(std::vector<std::string> command) {
  ChildOptions options;
  options.command = std::move(command);
  ::pthread_sigmask(SIG_SETMASK, nullptr, &options.signal_mask);
  return options;
}

ChildEnd wait_for_end(ChildProcess& child) {
  for (;;) {
    if (auto end = child.poll_end()) return *end;
    std::this_thread::yield();
  }
}

StartFailure failure_of(const std::string& command) {
  auto child = ChildProcess::fork_waiting(options_for({command}));
  if (!child) return StartFailure::kProfiler;
  const auto started = child->start();
  return started ? StartFailure::kNone : started.error().failure;
}

TEST(ChildProcess, EndsWithTheProgramsStatus) {
  for (const int status : {0, 1, 42, 255}) {
    auto child =
        ChildProcess::fork_waiting(options_for({"sh", "-c", "exit " + std::to_string(status)}));
    ASSERT_TRUE(child);
    ASSERT_TRUE(child->start());
    const ChildEnd end = wait_for_end(*child);
    EXPECT_EQ(end.status, status);
    EXPECT_EQ(end.signal, 0);
  }
}

TEST(ChildProcess, EndsWithTheSignalThatKilledIt) {
  auto child = ChildProcess::fork_waiting(options_for({"sh", "-c", "kill -TERM $$"}));
  ASSERT_TRUE(child);
  ASSERT_TRUE(child->start());
  const ChildEnd end = wait_for_end(*child);
  EXPECT_EQ(end.signal, SIGTERM);
  EXPECT_EQ(end.status, 128 + SIGTERM);
}

TEST(ChildProcess, DoesNothingBeforeItIsStarted) {
  const TemporaryFile file;
  {
    auto child = ChildProcess::fork_waiting(options_for({"sh", "-c", "echo ran > " + file.path()}));
    ASSERT_TRUE(child);
    EXPECT_FALSE(child->poll_end());
  }
  EXPECT_EQ(read_file(file.path()), "");
}

TEST(ChildProcess, EndsWhenTheProfilerIsKilledBeforeItStarts) {
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  const pid_t profiler = start_process([&] {
    auto child = ChildProcess::fork_waiting(options_for({"true"}));
    const Pid pid = child->pid();
    if (::write(pipe[1], &pid, sizeof pid) != sizeof pid) return 1;
    ::kill(::getpid(), SIGKILL);
    return 0;
  });
  ::close(pipe[1]);
  Pid pid = 0;
  ASSERT_EQ(::read(pipe[0], &pid, sizeof pid), static_cast<ssize_t>(sizeof pid));
  EXPECT_EQ(wait_for(profiler), 1000 + SIGKILL);
  // The waiting child holds the other end of this pipe: it ends with the child.
  char byte = 0;
  EXPECT_EQ(::read(pipe[0], &byte, 1), 0);
  ::close(pipe[0]);
}

TEST(ChildProcess, TellsNotFoundFromNotExecutable) {
  EXPECT_EQ(failure_of("profiler-no-such-command"), StartFailure::kNotFound);
  EXPECT_EQ(failure_of("/no/such/file"), StartFailure::kNotFound);
  EXPECT_EQ(failure_of("/"), StartFailure::kNotExecutable);
  const TemporaryFile file;
  EXPECT_EQ(failure_of(file.path()), StartFailure::kNotExecutable) << "mode 0600";
  EXPECT_EQ(failure_of("true"), StartFailure::kNone);
}

TEST(ChildProcess, NamesTheCommandThatWasNotFound) {
  auto child = ChildProcess::fork_waiting(options_for({"profiler-no-such-command"}));
  ASSERT_TRUE(child);
  const auto started = child->start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().error.message(), "profiler-no-such-command: command not found");
}

TEST(ChildProcess, RefusesAnEmptyCommandAndAnUnknownUser) {
  EXPECT_FALSE(ChildProcess::fork_waiting(options_for({})));
  ChildOptions options = options_for({"true"});
  options.user = "no such user";
  const auto child = ChildProcess::fork_waiting(options);
  ASSERT_FALSE(child);
  EXPECT_EQ(child.error().failure, StartFailure::kProfiler);
}

TEST(ChildProcess, StartsWithTheMaskAndDispositionsOfBefore) {
  const std::string status = *read_file("/proc/self/status");
  const auto line_of = [](const std::string& text, const std::string& key) {
    const std::size_t at = text.find(key);
    return at == std::string::npos ? "" : text.substr(at, text.find('\n', at) - at);
  };
  const TemporaryFile file;
  {
    const BlockedSignals signals;
    ChildOptions options = options_for({"sh", "-c", "cat /proc/self/status > " + file.path()});
    options.signal_mask = signals.original_mask();
    options.ignore_sigchld = signals.sigchld_was_ignored();
    auto child = ChildProcess::fork_waiting(options);
    ASSERT_TRUE(child);
    ASSERT_TRUE(child->start());
    EXPECT_EQ(wait_for_end(*child).status, 0);
  }
  const std::string childs = *read_file(file.path());
  EXPECT_EQ(line_of(childs, "SigBlk"), line_of(status, "SigBlk"));
  EXPECT_EQ(line_of(childs, "SigIgn"), line_of(status, "SigIgn"));
  EXPECT_EQ(line_of(*read_file("/proc/self/status"), "SigBlk"), line_of(status, "SigBlk"));
}

TEST(ChildProcess, RunsAsAnotherUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  if (::getpwnam("nobody") == nullptr) GTEST_SKIP() << "needs a user named nobody";
  const TemporaryFile file;
  ::chmod(file.path().c_str(), 0666);
  ChildOptions options = options_for({"sh", "-c", "id -u > " + file.path()});
  options.user = "nobody";
  auto child = ChildProcess::fork_waiting(options);
  ASSERT_TRUE(child);
  ASSERT_TRUE(child->start());
  EXPECT_EQ(wait_for_end(*child).status, 0);
  EXPECT_EQ(read_number(file.path()), static_cast<std::int64_t>(::getpwnam("nobody")->pw_uid));
}

}  // namespace
}  // namespace profiler::record
